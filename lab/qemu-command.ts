/** The QEMU command line of a server, as pure data. Always TCG: hardware virtualisation is not needed and not touched. */
import type { Firmware } from './machine.ts';

export const ovmfCode = '/usr/share/OVMF/OVMF_CODE_4M.fd';
export const ovmfVariables = '/usr/share/OVMF/OVMF_VARS_4M.fd';

/** QEMU's trace event for a key going down or up; `keys-seen.ts` reads it. */
export const keyTrace = 'input_event_key_qcode';

/** What the firmware is asked to try first, for one boot. */
export type BootOverride = 'network' | 'disk';
export type BootOrder = 'disk-first' | 'network-first';

/**
 * QEMU's bootindex of disk and card. The default orders leave the lowest index free, so that an override is one change of
 * one device and never collides (QEMU refuses an index that is taken).
 */
export function bootIndexes(order: BootOrder, override?: BootOverride): { disk: number; network: number } {
  const indexes = order === 'disk-first' ? { disk: 2, network: 3 } : { disk: 3, network: 2 };
  return override === undefined ? indexes : { ...indexes, [override]: 1 };
}

export interface QemuMachine {
  name: string;
  firmware: Firmware;
  nicRom: boolean;
  memoryMb: number;
  cpus: number;
  mac: string;
  uuid: string;
  serialNumber: string;
  tap: string;
  diskFile: string;
  /** UEFI: its own variables. */
  variablesFile: string;
  /** BIOS: holds the port number of the serial console, as SeaBIOS wants to read it. */
  serialPortFile: string;
  serialSocket: string;
  vncSocket: string;
  /** Holds the password that VNC authentication asks for; none is asked for without it. */
  vncPasswordFile?: string | undefined;
  /** For people and tests. */
  qmpSocket: string;
  /** Where the lab listens; QEMU connects, so that nothing has to be polled. */
  controlSocket: string;
  bootOrder: BootOrder;
}

/** QEMU doubles a comma inside an option's value. */
const value = (text: string): string => text.replaceAll(',', ',,');

export function qemuCommand(machine: QemuMachine, override: BootOverride | undefined): [string, ...string[]] {
  const indexes = bootIndexes(machine.bootOrder, override);
  const rom = machine.nicRom ? '' : ',romfile=';
  const vnc =
    machine.vncPasswordFile === undefined
      ? [['-vnc', `unix:${value(machine.vncSocket)}`]]
      : [
          ['-object', `secret,id=vnc0,file=${value(machine.vncPasswordFile)}`],
          ['-vnc', `unix:${value(machine.vncSocket)},password-secret=vnc0`],
        ];
  const firmware: string[][] =
    machine.firmware === 'uefi'
      ? [
          ['-drive', `if=pflash,format=raw,readonly=on,file=${ovmfCode}`],
          ['-drive', `if=pflash,format=raw,file=${value(machine.variablesFile)}`],
        ]
      : // SeaBIOS shows its own and iPXE's words on the serial console too, as servers with console redirection do.
        [['-fw_cfg', `name=etc/sercon-port,file=${value(machine.serialPortFile)}`]];
  const options: string[][] = [
    ['-name', value(machine.name)],
    ['-machine', 'pc,accel=tcg', '-cpu', 'qemu64', '-smp', String(machine.cpus), '-m', String(machine.memoryMb)],
    ['-nodefaults', '-no-user-config', '-display', 'none', '-vga', 'std'],
    ...vnc,
    // Every key that reaches the guest's keyboard, with its time, on standard error.
    ['-msg', 'timestamp=on', '-trace', `enable=${keyTrace}`],
    ['-uuid', machine.uuid],
    ['-smbios', `type=1,manufacturer=Athanor,product=Lab Server,serial=${value(machine.serialNumber)}`],
    ...firmware,
    ['-chardev', `socket,id=serial0,path=${value(machine.serialSocket)}`, '-serial', 'chardev:serial0'],
    ['-chardev', `socket,id=control,path=${value(machine.controlSocket)}`, '-mon', 'chardev=control,mode=control'],
    ['-qmp', `unix:${value(machine.qmpSocket)},server=on,wait=off`],
    ['-netdev', `tap,id=net0,ifname=${machine.tap},script=no,downscript=no`],
    ['-device', `virtio-net-pci,id=nic0,netdev=net0,mac=${machine.mac},bootindex=${indexes.network}${rom}`],
    ['-drive', `file=${value(machine.diskFile)},if=none,id=drive0,format=raw,cache=unsafe,discard=unmap`],
    ['-device', `virtio-blk-pci,id=disk0,drive=drive0,bootindex=${indexes.disk}`],
    ['-boot', 'menu=off,strict=on'],
  ];
  return ['qemu-system-x86_64', ...options.flat()];
}
