/** A server that boots as told: it speaks with the boot services' backend as firmware, ramdisk and system would. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { BootAnswer, DhcpEvent } from '../../site/index.ts';
import type { MachineBench } from './machine-bench.ts';
import type { MemoryBmc } from './memory-bmc.ts';

export interface Hardware {
  mac: string;
  address: string;
  uuid: string;
}

export interface RamdiskAnswer {
  status: number;
  body: Record<string, unknown>;
  /** The file that is sent instead of a body. */
  file?: string;
}

/** One boot of the ramdisk, identified by its token. */
export interface ScriptedRamdisk {
  readonly token: string;
  readonly ticket: string;
  ask(method: 'GET' | 'POST', endpoint: string, body?: unknown, query?: string): Promise<RamdiskAnswer>;
  inventory(changes?: Record<string, unknown>): Promise<RamdiskAnswer>;
  /** Waits for a task other than `wait`; throws when none comes. */
  task(): Promise<Record<string, unknown>>;
  progress(bytes: number, phase?: string): Promise<RamdiskAnswer>;
  /** Fetches the image and reports the digests of what came, or what is told instead. */
  write(changes?: Record<string, unknown>): Promise<RamdiskAnswer>;
}

const network = 'lab';

function client(hardware: Hardware, kind: DhcpEvent['client']['kind'], vendorClass?: string): DhcpEvent['client'] {
  return { mac: hardware.mac, network, kind, ...(vendorClass === undefined ? {} : { vendorClass }) };
}

/** What the machine is told to boot. */
export function bootAnswer(bench: MachineBench, hardware: Hardware): BootAnswer {
  return bench.backend.answer(client(hardware, 'firmware-pxe'));
}

/** A machine takes its lease: as firmware, as the ramdisk or, without a vendor class, as an installed system. */
export async function takeLease(
  bench: MachineBench,
  hardware: Hardware,
  kind: DhcpEvent['client']['kind'],
  vendorClass?: string,
): Promise<void> {
  const event = { at: bench.now(), client: client(hardware, kind, vendorClass), address: hardware.address };
  bench.backend.dhcpSeen?.({ ...event, type: 'REQUEST' });
  const { mac, address } = hardware;
  await bench.leases.put({ network, mac, address, expiresAt: bench.now() + 3_600_000, state: 'bound' });
  bench.backend.dhcpSeen?.({ ...event, type: 'ACK' });
}

export function inventoryOfHardware(hardware: Hardware): Record<string, unknown> {
  return {
    uuid: hardware.uuid,
    serial: `S-${hardware.mac}`,
    vendor: 'Maker',
    product: 'Server 1',
    firmware: 'uefi',
    cpus: { count: 2, model: 'CPU' },
    memoryBytes: 1 << 30,
    disks: [{ name: '/dev/sda', sizeBytes: 1 << 30, serial: 'D1' }],
    nics: [{ name: 'eth0', mac: hardware.mac }],
  };
}

/** Firmware, iPXE and ramdisk up to the token; undefined when the machine is given no ticket. */
export async function netboot(bench: MachineBench, hardware: Hardware): Promise<ScriptedRamdisk | undefined> {
  const { backend } = bench;
  const { mac, address } = hardware;
  await takeLease(bench, hardware, 'firmware-pxe');
  const text = await backend.ticket({ mac, network, address, serverUrl: 'http://10.0.0.1' });
  const ticket = /^ticket=(\S+)$/m.exec(text ?? '')?.[1];
  if (ticket === undefined) return undefined;
  await takeLease(bench, hardware, 'none', 'athanor-ramdisk');
  const exchanged = await send(bench, hardware, undefined, 'POST', 'exchange', { ticket, mac });
  if (exchanged.status !== 200) throw new Error(`the ticket was refused: ${JSON.stringify(exchanged.body)}`);
  return ramdisk(bench, hardware, ticket, String(exchanged.body['token']));
}

export async function send(
  bench: MachineBench,
  hardware: Hardware,
  token: string | undefined,
  method: 'GET' | 'POST',
  endpoint: string,
  body?: unknown,
  query = '',
): Promise<RamdiskAnswer> {
  const response = await bench.backend.request({
    method,
    path: `/ramdisk/v1/${endpoint}`,
    query: new URLSearchParams(query),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    remoteAddress: hardware.address,
    network,
    ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
  });
  if (response === undefined) return { status: 404, body: {} };
  if ('file' in response) return { status: response.status ?? 200, body: {}, file: response.file };
  const parsed: unknown = JSON.parse(Buffer.from(response.body).toString());
  return { status: response.status, body: Object.fromEntries(Object.entries(parsed ?? {})) };
}

function ramdisk(bench: MachineBench, hardware: Hardware, ticket: string, token: string): ScriptedRamdisk {
  const ask: ScriptedRamdisk['ask'] = (method, endpoint, body, query) =>
    send(bench, hardware, token, method, endpoint, body, query);
  return {
    token,
    ticket,
    ask,
    inventory: (changes = {}) => ask('POST', 'inventory', { ...inventoryOfHardware(hardware), ...changes }),
    task: async () => {
      for (let polls = 0; polls < 3; polls += 1) {
        const { status, body } = await ask('GET', 'task', undefined, 'wait=5');
        if (status !== 200) throw new Error(`no task: ${JSON.stringify(body)}`);
        if (body['task'] !== 'wait') return body;
      }
      throw new Error('no task came');
    },
    progress: (bytes, phase = 'writing') =>
      ask('POST', 'progress', { task: 'write-image', phase, bytes, bytesTotal: 1000 }),
    write: async (changes = {}) => {
      const image = await ask('GET', 'image');
      if (image.file === undefined) return image;
      const content = await readFile(image.file);
      const sha256 = createHash('sha256').update(content).digest('hex');
      const report = { task: 'write-image', sha256ReadBack: sha256, bytes: content.length };
      return await ask('POST', 'complete', { ...report, disk: '/dev/sda', diskSerial: 'D1', ...changes });
    },
  };
}

/** What the ramdisk does with its task in one boot; the number counts the boots from 1. After `hang` nothing boots. */
export type Work = (ramdisk: ScriptedRamdisk, boot: number) => Promise<void | 'hang'>;

/** Takes the task it is given and does it well. */
export const goodWork: Work = async (ramdisk) => {
  await ramdisk.inventory();
  const task = await ramdisk.task();
  if (task['task'] === 'write-image') await ramdisk.write();
};

export interface PluggedMachine {
  /** Resolves when the newest boot is over; throws what went wrong in it. */
  quiet(): Promise<void>;
  /** Boots again without its BMC, as after a reset. */
  reset(): Promise<void>;
  boots(): number;
}

/** Puts a machine behind a BMC: it boots when its power goes on, first the ramdisk and then, when told, its disk. */
export function plugIn(bench: MachineBench, bmc: MemoryBmc, hardware: Hardware, work: Work = goodWork): PluggedMachine {
  let boots = 0;
  let running: Promise<void> = Promise.resolve();
  async function boot(): Promise<void> {
    boots += 1;
    const number = boots;
    if (bootAnswer(bench, hardware).kind === 'ramdisk') {
      const booted = await netboot(bench, hardware);
      if (booted === undefined) return;
      if ((await work(booted, number)) === 'hang') return;
    }
    if (bootAnswer(bench, hardware).kind === 'local-disk') await takeLease(bench, hardware, 'none');
  }
  bmc.onPower = (power) => {
    if (power === 'on') running = boot();
    running.catch((error: unknown) => bench.errors.push(error));
  };
  return { quiet: () => running, reset: boot, boots: () => boots };
}
