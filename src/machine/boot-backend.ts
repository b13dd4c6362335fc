/**
 * What the boot services ask about a booting machine. `answer` is on the packet path and speaks from memory; a MAC that
 * nobody knows becomes a discovered machine and is inspected.
 */
import type { AthanorError } from '../errors/index.ts';
import { asAthanorError } from '../errors/index.ts';
import type { BootAttempts, RamdiskService } from '../install/index.ts';
import type { BootAnswer, BootEvent, BootServiceBackend, DhcpEvent, SiteLeaseStore } from '../site/index.ts';
import type { Store } from '../store/index.ts';
import type { BootDirectory } from './boot-directory.ts';
import { discoverMachine } from './discover-machine.ts';
import type { MachineRequests } from './requests.ts';

export interface BootBackendOptions {
  store: Store;
  directory: BootDirectory;
  requests: MachineRequests;
  attempts: BootAttempts;
  ramdiskService: RamdiskService;
  leases: Pick<SiteLeaseStore, 'noteRequest'>;
  /** What a ramdisk boots with, or undefined when none is built. */
  ramdisk: { kernelFile: string; initrdFile: string; commandLine: string } | undefined;
  now(): number;
  onError(error: AthanorError, doing: string): void;
}

/** The vendor class (option 60) with which the ramdisk asks for its address. */
const RAMDISK_VENDOR_CLASS = 'athanor-ramdisk';

function isOperatingSystem({ client }: DhcpEvent): boolean {
  return client.kind === 'none' && client.vendorClass !== RAMDISK_VENDOR_CLASS;
}

function clientName(kind: string, vendorClass: string | undefined): string {
  if (kind !== 'none') return kind;
  return vendorClass === RAMDISK_VENDOR_CLASS ? 'ramdisk' : 'operating-system';
}

export function createBootBackend(options: BootBackendOptions): BootServiceBackend {
  const { store, directory, requests, attempts, leases, now } = options;
  const discovering = new Map<string, Promise<string>>();
  const ramdisk: BootAnswer =
    options.ramdisk === undefined ? { kind: 'silent' } : { kind: 'ramdisk', ...options.ramdisk };

  /** Several packets of one boot arrive before the first is in the store: they share one discovery. */
  function machineOf(mac: string, network: string, architecture?: number): Promise<string> {
    const known = directory.find(mac);
    if (known !== undefined) return Promise.resolve(known.machineId);
    let running = discovering.get(mac);
    if (running === undefined) {
      running = discover(mac, network, architecture).finally(() => discovering.delete(mac));
      discovering.set(mac, running);
    }
    return running;
  }

  async function discover(mac: string, network: string, architecture?: number): Promise<string> {
    const { machineId } = await discoverMachine(store, now(), { mac, network, architecture });
    await directory.refresh(machineId);
    return machineId;
  }

  async function operationOf(machineId: string): Promise<string | null> {
    const row = await store.db
      .selectFrom('operations')
      .select('id')
      .where('machine_id', '=', machineId)
      .where('state', 'in', ['queued', 'running'])
      .executeTakeFirst();
    return row?.id ?? null;
  }

  async function record(event: BootEvent): Promise<void> {
    if (event.mac === undefined) return;
    const machineId = await machineOf(event.mac, event.network);
    await store.events.appendEvent(store.db, {
      kind: `boot.${event.kind}`,
      subject: { kind: 'machine', id: machineId },
      operationId: await operationOf(machineId),
      data: {
        mac: event.mac,
        network: event.network,
        address: event.address,
        detail: event.detail,
        bytes: event.bytes,
      },
    });
  }

  /** A machine that boots from the network is discovered by its first packet; its address is a mark in its history. */
  async function recordAddress({ type, client, address }: DhcpEvent): Promise<void> {
    const known = directory.find(client.mac)?.machineId;
    if (type === 'DISCOVER' && client.kind !== 'none') await machineOf(client.mac, client.network, client.architecture);
    if (type !== 'ACK' || (known === undefined && client.kind === 'none')) return;
    const machineId = await machineOf(client.mac, client.network, client.architecture);
    await store.events.appendEvent(store.db, {
      kind: 'boot.address',
      subject: { kind: 'machine', id: machineId },
      operationId: await operationOf(machineId),
      data: { mac: client.mac, network: client.network, address, client: clientName(client.kind, client.vendorClass) },
    });
  }

  return {
    answer: (client) => {
      switch (directory.find(client.mac)?.netboot ?? 'ramdisk') {
        case 'ramdisk':
          return ramdisk;
        case 'local-disk':
          return { kind: 'local-disk' };
        case 'silent':
          return { kind: 'silent' };
      }
    },

    ticket: async ({ mac, network, address, serverUrl }) => {
      const machineId = await machineOf(mac, network);
      if ((directory.find(mac)?.netboot ?? 'silent') !== 'ramdisk') return undefined;
      await requests.inspectBooting(machineId);
      const operationId = await operationOf(machineId);
      const { ticket } = await attempts.begin({ machineId, mac, address, operationId });
      return `server=${serverUrl}\nticket=${ticket}\n`;
    },

    request: async (request) => await options.ramdiskService(request),
    dhcpSeen: (event) => {
      if (event.type === 'REQUEST') leases.noteRequest(event.client.mac, isOperatingSystem(event));
      recordAddress(event).catch((error: unknown) => options.onError(asAthanorError(error), 'recording a lease'));
    },
    hostname: (mac) => directory.find(mac)?.hostname,
    seen: (event) => {
      record(event).catch((error: unknown) => options.onError(asAthanorError(error), `recording ${event.kind}`));
    },
  };
}
