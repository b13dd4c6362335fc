/** What a caller says about a server of the rack, and what it gets: plain data plus the ways to look at it and to break it. */

export type Firmware = 'bios' | 'uefi';

/**
 * Byte order in which the BMC tells the system UUID (Get System GUID, IPMI 2.0 §22.14). The specification asks for the
 * whole UUID reversed; many BMCs send the bytes as SMBIOS stores them, or as RFC 4122 writes them.
 */
export type GuidOrder = 'rfc4122' | 'smbios' | 'ipmi';

export interface LabMachineSpec {
  name: string;
  firmware: Firmware;
  /** Default true: the card brings iPXE along. False (UEFI only): `romfile=`, so that loaders really travel over TFTP. */
  nicRom?: boolean;
  /** Default 1 GiB, sparse. */
  diskBytes?: number;
  /** Default 512. */
  memoryMb?: number;
  guidOrder?: GuidOrder;
  /** SMBIOS type 1 and FRU product serial; default `LAB-` and the name. */
  serialNumber?: string;
  cpus?: number;
  /** Default: random. */
  bmcPassword?: string;
  /** Of its graphical console (VNC authentication, at most 8 characters). Default: random. Null: nobody is asked for one. */
  vncPassword?: string | null;
  /** What the firmware tries when the BMC asked for nothing; default disk-first. */
  bootOrder?: 'disk-first' | 'network-first';
  /** Default: by its place in the rack, 52:54:00:77:00:01 onwards. */
  mac?: string;
  /** Default: random. Two machines may carry the same one, as real ones sometimes do. */
  uuid?: string;
}

/** One call that ipmi_sim made to the chassis program: the witness of what a BMC was really asked to do. */
export interface ChassisCall {
  /** Milliseconds since the epoch. */
  time: number;
  operation: 'set' | 'get';
  /** `power` 1|0, `reset` 1, `shutdown` 1, `boot` none|pxe|default|cdrom|bios (`default` is the disk: IPMI 2.0 §28.13). */
  what: string;
  /** What was set, or what was answered. */
  value: string;
}

/** A key that went down or up at the server's keyboard: the witness of what was really typed. */
export interface KeyEvent {
  /** Milliseconds since the epoch. */
  time: number;
  /** QEMU's name of the key: `a`, `shift`, `ret`, `spc`. */
  key: string;
  down: boolean;
}

export interface SerialMatch {
  /** What matched. */
  text: string;
  /** When its last byte arrived (milliseconds since the epoch). */
  time: number;
  /** Offset in bytes just behind the match: pass it as `from` to look on from here. */
  end: number;
}

export interface WaitForSerialOptions {
  timeoutMs: number;
  signal?: AbortSignal;
  /** Offset in bytes to look from; default 0, the first power-on. */
  from?: number;
}

/** The BMC as a thing that can fail by itself. */
export interface BmcFaults {
  /** Deaf: the process is stopped; packets pile up and are answered after `continue`. */
  stop: () => void;
  continue: () => void;
  /** Dead: nothing listens any more. The server keeps running. */
  kill: () => Promise<void>;
  /** Starts it again (cold: its sessions are gone). */
  restart: () => Promise<void>;
}

export interface LabMachine {
  readonly name: string;
  readonly firmware: Firmware;
  readonly mac: string;
  /** SMBIOS UUID, canonical text, lower case. */
  readonly uuid: string;
  readonly serialNumber: string;
  readonly bmcAddress: string;
  readonly bmcPort: number;
  readonly bmcUser: string;
  readonly bmcPassword: string;
  /** The same in a file of mode 0600, for `ipmitool -f`. */
  readonly bmcPasswordFile: string;
  /** Of its graphical console; undefined where nobody is asked for one. */
  readonly consolePassword: string | undefined;
  readonly consolePasswordFile: string | undefined;
  readonly diskFile: string;
  /** All serial output, of every boot, as it came. */
  readonly serialLogFile: string;
  readonly chassisLogFile: string;
  /** Exist only while the server has power. */
  readonly vncSocket: string;
  readonly qmpSocket: string;
  readonly bmc: BmcFaults;
  chassisLog: () => Promise<ChassisCall[]>;
  serialLog: () => Promise<string>;
  waitForSerial: (pattern: RegExp, options: WaitForSerialOptions) => Promise<SerialMatch>;
  isPoweredOn: () => Promise<boolean>;
  /** Resolves once the server has no power. */
  waitForPowerOff: (options: { timeoutMs: number; signal?: AbortSignal }) => Promise<void>;
  /** SHA-256 of the first `bytes` bytes of the disk, as hexadecimal text. */
  diskSha256: (bytes: number) => Promise<string>;
  /** Every key since the first power-on, whoever pressed it: the BMC's console, or the lab itself. */
  keysSeen: () => Promise<KeyEvent[]>;
  qmp: (command: string, parameters?: Record<string, unknown>) => Promise<unknown>;
  /** Writes what the graphical console shows as PNG. */
  screendump: (file: string) => Promise<void>;
  /** The cable between the card and the switch; stays as it is across power cycles. */
  pullCable: () => Promise<void>;
  plugCable: () => Promise<void>;
  /** Stops the processor: a hung server whose BMC still answers. */
  freeze: () => Promise<void>;
  thaw: () => Promise<void>;
}
