import type { BootHttpRequest, BootHttpResponse } from '../http/index.ts';
import type { NetbootClient } from '../netboot-client.ts';

/** What a machine is to boot now. */
export type BootAnswer =
  /** Kernel and initrd as files on disk; the machine's ticket follows as a second initrd. */
  | { kind: 'ramdisk'; kernelFile: string; initrdFile: string; commandLine: string }
  | { kind: 'local-disk' }
  /** Stay in iPXE and ask again (10 s unless told). */
  | { kind: 'wait'; seconds?: number }
  /** Say nothing: no boot file. */
  | { kind: 'silent' };

export type BootEventKind = 'loader' | 'script' | 'kernel' | 'initrd' | 'ticket';

/** A mark in the timeline of one boot. Loader, kernel and initrd are told when the last byte was sent. */
export interface BootEvent {
  kind: BootEventKind;
  /** Milliseconds since 1970. */
  time: number;
  network: string;
  address: string;
  /** Undefined only for a loader fetched from an address without a lease. */
  mac?: string;
  /** The loader's name, or the answer's kind for a script. */
  detail?: string;
  bytes?: number;
}

export interface BootTicketRequest {
  mac: string;
  network: string;
  address: string;
  /** Where the machine reaches this server, without a path or trailing slash: `http://10.77.0.1`. */
  serverUrl: string;
}

/** What stands behind the boot services: it knows the machines. */
export interface BootBackend {
  /** From memory, on the packet path. */
  answer(client: NetbootClient): BootAnswer;
  /** The machine's one-time ticket as text, or undefined when it may have none now. Each call makes a new attempt. */
  ticket(request: BootTicketRequest): Promise<string | undefined>;
  /** Everything else under HTTP; undefined is 404. `mac` holds the remote address by its lease. */
  request(request: BootHttpRequest & { mac?: string; network: string }): Promise<BootHttpResponse | undefined>;
  /** The MAC that holds this address on this network, from the leases. */
  macOf(network: string, address: string): string | undefined;
  seen(event: BootEvent): void;
}
