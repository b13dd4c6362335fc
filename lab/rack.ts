/** Puts a rack together: cabling, servers, BMCs; and takes it apart. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bmcPort, bmcUser, startBmc } from './bmc-simulator.ts';
import { startChassis } from './chassis.ts';
import { assertInsideEnclosure } from './enclosure.ts';
import type { LabMachine, LabMachineSpec } from './machine.ts';
import {
  assertNoRackYet,
  bmcAddressOf,
  controlNamespace,
  createNamespaces,
  deleteNamespaces,
  labLink,
  management,
  outsideNamespace,
  provisioning,
  tapOf,
  unserved,
} from './namespaces.ts';
import { readKeys } from './keys-seen.ts';
import { provideResolver } from './resolver.ts';
import { createQemuServer } from './qemu-server.ts';
import { startSerialRelay } from './serial-relay.ts';

export interface RackOptions {
  /** Where disks, logs and sockets go; made if need be. Keep it short: unix sockets allow 107 characters. */
  directory: string;
  machines: LabMachineSpec[];
  /** Takes the rack apart when it fires. */
  signal?: AbortSignal;
  /** Told about trouble that no caller waits for, such as QEMU ending at once; default: standard error. */
  report?: (problem: unknown) => void;
}

export interface Rack {
  readonly directory: string;
  readonly machines: LabMachine[];
  machine: (name: string) => LabMachine;
  readonly controlNamespace: 'control';
  readonly outsideNamespace: 'outside';
  readonly provisioningInterface: 'cp0';
  readonly provisioningAddress: '10.77.0.1';
  readonly managementInterface: 'cm0';
  readonly managementAddress: '10.77.1.254';
  readonly unservedInterface: 'cx0';
  /** The same command, run in the control namespace. */
  inControl: (command: [string, ...string[]]) => { file: string; args: string[] };
  inOutside: (command: [string, ...string[]]) => { file: string; args: string[] };
  close: () => Promise<void>;
}

/** Takes apart in the reverse order of building; goes on after a failure and throws the first one at the end. */
function undoStack(): { push(undo: () => Promise<void>): void; run(): Promise<void> } {
  const steps: Array<() => Promise<void>> = [];
  return {
    push: (undo) => void steps.push(undo),
    run: async () => {
      const failures: unknown[] = [];
      for (const undo of steps.splice(0).reverse()) await undo().catch((problem: unknown) => failures.push(problem));
      if (failures.length > 0) throw failures[0];
    },
  };
}

export async function startRack(options: RackOptions): Promise<Rack> {
  assertInsideEnclosure();
  options.signal?.throwIfAborted();
  validate(options);
  assertNoRackYet();
  const report = options.report ?? ((problem: unknown) => console.error('lab:', problem));
  const undo = undoStack();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= undo.run());
  try {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    // Before the act: half a cabling must go as well.
    undo.push(deleteNamespaces);
    await createNamespaces(options.machines.length);
    await provideResolver(options.directory, undo, report);
    const machines: LabMachine[] = [];
    for (const [index, spec] of options.machines.entries()) {
      options.signal?.throwIfAborted();
      machines.push(await startMachine(spec, index, options.directory, undo, report));
    }
    options.signal?.addEventListener('abort', () => void close().catch(report), { once: true });
    const prefixed = (namespace: string, command: string[]): { file: string; args: string[] } => ({
      file: 'ip',
      args: ['netns', 'exec', namespace, ...command],
    });
    return {
      directory: options.directory,
      machines,
      machine: (name) => {
        const found = machines.find((machine) => machine.name === name);
        if (found === undefined) throw new Error(`no machine ${name} in this rack`);
        return found;
      },
      controlNamespace,
      outsideNamespace,
      provisioningInterface: provisioning.interface,
      provisioningAddress: provisioning.address,
      managementInterface: management.interface,
      managementAddress: management.address,
      unservedInterface: unserved.interface,
      inControl: (command) => prefixed(controlNamespace, command),
      inOutside: (command) => prefixed(outsideNamespace, command),
      close,
    };
  } catch (problem) {
    await close().catch(report);
    throw problem;
  }
}

function validate(options: RackOptions): void {
  const names = options.machines.map((machine) => machine.name);
  if (new Set(names).size !== names.length) throw new Error('two machines of the rack have the same name');
  for (const machine of options.machines) {
    if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(machine.name))
      throw new Error(`machine name ${machine.name}: a-z, 0-9 and -`);
    if (machine.firmware === 'bios' && machine.nicRom === false) {
      throw new Error(`${machine.name}: a BIOS server boots from the network only with the ROM of its card`);
    }
    const longest = path.join(options.directory, machine.name, 'control.sock');
    if (Buffer.byteLength(longest) > 107)
      throw new Error(`${longest} is too long for a unix socket: use a shorter directory`);
  }
}

async function startMachine(
  spec: LabMachineSpec,
  index: number,
  rackDirectory: string,
  undo: { push(step: () => Promise<void>): void },
  report: (problem: unknown) => void,
): Promise<LabMachine> {
  const directory = path.join(rackDirectory, spec.name);
  const file = (name: string): string => path.join(directory, name);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const mac = spec.mac ?? `52:54:00:77:00:${(index + 1).toString(16).padStart(2, '0')}`;
  const uuid = (spec.uuid ?? randomUUID()).toLowerCase();
  const serialNumber = spec.serialNumber ?? `LAB-${spec.name.toUpperCase()}`;
  const password = spec.bmcPassword ?? randomBytes(12).toString('base64url');
  const consolePassword = spec.vncPassword === undefined ? randomBytes(6).toString('base64url') : spec.vncPassword;
  const bmcPasswordFile = file('bmc-password');
  const consolePasswordFile = consolePassword === null ? undefined : file('vnc-password');
  const qemuLogFile = file('qemu.log');
  const diskFile = file('disk.raw');
  const serialLogFile = file('serial.log');
  const chassisLogFile = file('chassis.jsonl');
  const disk = await open(diskFile, 'a', 0o600);
  await disk.truncate(spec.diskBytes ?? 1 << 30);
  await disk.close();
  await writeFile(bmcPasswordFile, password, { mode: 0o600 });
  if (consolePassword !== null) await writeFile(file('vnc-password'), consolePassword, { mode: 0o600 });
  await writeFile(serialLogFile, '', { mode: 0o600 });

  const relay = await startSerialRelay({
    socket: file('serial.sock'),
    address: labLink.address,
    logFile: serialLogFile,
  });
  undo.push(relay.close);
  const server = await createQemuServer({
    index,
    logFile: qemuLogFile,
    // A hung or frozen machine may take its time; after ten minutes nobody waits for that boot any more.
    biosBanner: (signal) => relay.waitFor(/SeaBIOS \(version/, { signal, timeoutMs: 600_000, from: relay.length() }),
    report,
    machine: {
      name: spec.name,
      firmware: spec.firmware,
      nicRom: spec.nicRom ?? true,
      memoryMb: spec.memoryMb ?? 512,
      cpus: spec.cpus ?? 1,
      mac,
      uuid,
      serialNumber,
      tap: tapOf(index),
      diskFile,
      variablesFile: file('ovmf-vars.fd'),
      serialPortFile: file('serial-port'),
      serialSocket: file('serial.sock'),
      vncSocket: file('vnc.sock'),
      vncPasswordFile: consolePasswordFile,
      qmpSocket: file('qmp.sock'),
      controlSocket: file('control.sock'),
      bootOrder: spec.bootOrder ?? 'disk-first',
    },
  });
  undo.push(server.close);
  const chassis = await startChassis({ socket: file('chassis.sock'), logFile: chassisLogFile, server, report });
  undo.push(chassis.close);
  const bmc = await startBmc({
    directory,
    name: spec.name,
    address: bmcAddressOf(index),
    password,
    uuid,
    guidOrder: spec.guidOrder ?? 'rfc4122',
    serialNumber,
    chassisSocket: file('chassis.sock'),
    serialOverLan: { address: labLink.address, port: relay.port },
  });
  undo.push(bmc.close);

  return {
    name: spec.name,
    firmware: spec.firmware,
    mac,
    uuid,
    serialNumber,
    bmcAddress: bmcAddressOf(index),
    bmcPort,
    bmcUser,
    bmcPassword: password,
    bmcPasswordFile,
    consolePassword: consolePassword ?? undefined,
    consolePasswordFile,
    diskFile,
    serialLogFile,
    chassisLogFile,
    vncSocket: file('vnc.sock'),
    qmpSocket: file('qmp.sock'),
    bmc,
    chassisLog: chassis.log,
    serialLog: async () => relay.text(),
    waitForSerial: relay.waitFor,
    isPoweredOn: async () => server.isPoweredOn(),
    waitForPowerOff: server.waitForPowerOff,
    diskSha256: (bytes) => sha256(diskFile, bytes),
    keysSeen: () => readKeys(qemuLogFile),
    qmp: server.qmp,
    screendump: async (target) => {
      await server.qmp('screendump', { filename: path.resolve(target), format: 'png' });
    },
    pullCable: () => server.setCable(false),
    plugCable: () => server.setCable(true),
    freeze: async () => void (await server.qmp('stop')),
    thaw: async () => void (await server.qmp('cont')),
  };
}

async function sha256(file: string, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  if (bytes > 0)
    for await (const chunk of createReadStream(file, { end: bytes - 1, highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}
