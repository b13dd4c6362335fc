/**
 * Tiny bootable disks for tests: they say a word on the serial console and reboot the machine when a key comes.
 * Nothing but a firmware that really chose the disk prints the word.
 */
import { open, rm, writeFile } from 'node:fs/promises';
import { run } from './command.ts';
import type { LabMachine } from './machine.ts';

/** What the disk says, once per boot. */
export const diskMark = 'BOOTED FROM DISK';

/** A 512-byte boot sector (16-bit code, loaded at 0x7c00). */
export function bootSector(mark: string): Buffer {
  const instructions: Array<[machineCode: number[], meaning: string]> = [
    [[0x31, 0xc0], 'xor ax,ax'],
    [[0x8e, 0xd8], 'mov ds,ax'],
    [[0xbe, 0x00, 0x7d], 'mov si,0x7d00     ; the text'],
    [[0xba, 0xf8, 0x03], 'mov dx,0x3f8      ; the first serial port'],
    [[0xac], 'next: lodsb'],
    [[0x84, 0xc0], 'test al,al'],
    [[0x74, 0x03], 'jz wait'],
    [[0xee], 'out dx,al'],
    [[0xeb, 0xf8], 'jmp next'],
    [[0xb4, 0x00], 'wait: mov ah,0'],
    [[0xcd, 0x16], 'int 0x16          ; a key, from the keyboard or (SeaBIOS) the serial console'],
    [[0xb0, 0xfe], 'mov al,0xfe'],
    [[0xe6, 0x64], 'out 0x64,al       ; the keyboard controller resets the machine'],
    [[0xeb, 0xfe], 'here: jmp here'],
  ];
  const code = Buffer.from(instructions.flatMap(([machineCode]) => machineCode));
  const sector = Buffer.alloc(512);
  code.copy(sector);
  sector.write(`\r\n${mark}\r\n\0`, 0x100, 'latin1');
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

/** Writes a bootable disk that fits the machine's firmware. */
export async function writeBootDisk(machine: LabMachine): Promise<void> {
  if (machine.firmware === 'bios') {
    const disk = await open(machine.diskFile, 'r+');
    try {
      await disk.write(bootSector(diskMark), 0, 512, 0);
    } finally {
      await disk.close();
    }
    return;
  }
  const script = `${machine.diskFile}.cfg`;
  const loader = `${machine.diskFile}.efi`;
  await writeFile(script, `echo "${diskMark}"\nread key\nreboot\n`);
  const modules = ['echo', 'read', 'reboot'];
  await run('grub-mkimage', ['-O', 'x86_64-efi', '-c', script, '-p', '/', '-o', loader, ...modules]);
  await run('mformat', ['-i', machine.diskFile, '-F', '-T', '131072', '-h', '16', '-s', '63', '::']);
  await run('mmd', ['-i', machine.diskFile, '::/EFI', '::/EFI/BOOT']);
  await run('mcopy', ['-i', machine.diskFile, loader, '::/EFI/BOOT/BOOTX64.EFI']);
  await Promise.all([rm(script), rm(loader)]);
}
