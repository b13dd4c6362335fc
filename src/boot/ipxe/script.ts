import { AthanorError } from '../../errors/index.ts';

export interface RamdiskScript {
  kernelUrl: string;
  initrdUrl: string;
  /** An uncompressed cpio archive whose length is a multiple of four. */
  ticketUrl: string;
  /** Kernel parameters, without `initrd=`. */
  commandLine: string;
}

/** COMMAND_LINE_SIZE of x86 is 2048 with the NUL. */
const longestCommandLine = 2047;

/**
 * iPXE splits a line at white space, ends a command at a word `||` or `&&`, takes a word starting with `#` as a comment
 * and expands `${…}`; it knows no quoting. What holds one of these is refused.
 */
function checked(text: string, field: string): string {
  const refuse = (what: string): never => {
    throw new AthanorError('invalid-input', `${what} cannot stand in an iPXE script`, {
      field,
      remedy: 'Use printable ASCII without ${, a word starting with #, or the words || and &&.',
    });
  };
  if (!/^[\x20-\x7e]*$/.test(text)) refuse('A character outside printable ASCII');
  if (text.includes('${')) refuse('A setting reference ${');
  for (const word of text.split(' ')) {
    if (word === '||' || word === '&&' || word.startsWith('#')) refuse(`The word ${word}`);
  }
  return text;
}

function checkedUrl(url: string, field: string): string {
  if (!/^http:\/\/\S+$/.test(checked(url, field))) {
    throw new AthanorError('invalid-input', 'iPXE is given plain http URLs only', { field, value: url });
  }
  return url;
}

const script = (...lines: string[]) => `#!ipxe\n${lines.join('\n')}\n`;

/**
 * Loads kernel, ramdisk and ticket, and boots. Both archives must reach the kernel by two ways: on BIOS iPXE joins its
 * images in the order they were fetched and aligns each; on UEFI the kernel's stub opens them by the `initrd=` names and
 * joins them without alignment, so there the ticket, which ends on a multiple of four, stands first. A file that cannot
 * be had is tried again a few times; then iPXE returns to the firmware.
 */
export function ramdiskScript(boot: RamdiskScript): string {
  const commandLine = checked(boot.commandLine, 'commandLine').trim();
  const whole = `initrd=ticket initrd=ramdisk ${commandLine}`.trim();
  if (whole.length > longestCommandLine) {
    throw new AthanorError('invalid-input', `The kernel takes at most ${longestCommandLine} characters of parameters`, {
      field: 'commandLine',
    });
  }
  return script(
    'set tries:int32 0',
    ':again',
    'imgfree',
    `kernel --name kernel ${checkedUrl(boot.kernelUrl, 'kernelUrl')} ${whole} || goto failed`,
    `initrd --name ramdisk ${checkedUrl(boot.initrdUrl, 'initrdUrl')} || goto failed`,
    `initrd --name ticket ${checkedUrl(boot.ticketUrl, 'ticketUrl')} || goto failed`,
    'boot || goto failed',
    ':failed',
    'inc tries',
    'iseq ${tries} 5 && goto surrender ||',
    'echo Athanor: the ramdisk could not be started, trying again',
    'sleep 3',
    'goto again',
    ':surrender',
    'exit 1',
  );
}

/**
 * Boots the first local disk. A BIOS starts it from iPXE itself, for many do not go on to the next device by themselves;
 * a UEFI firmware goes on in its boot order when iPXE leaves with an error (with success it shows its menu, UEFI 2.10
 * §3.1.1).
 */
export function localDiskScript(): string {
  return script(
    'iseq ${platform} pcbios || goto leave',
    'sanboot --no-describe --drive 0x80 || goto leave',
    ':leave',
    'exit 1',
  );
}

/** Asks for `scriptUrl` again after `seconds`, for as long as the answer is to wait. */
export function waitScript(scriptUrl: string, seconds: number): string {
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 3_600) {
    throw new AthanorError('invalid-input', 'A machine waits between 1 s and an hour', { field: 'seconds' });
  }
  const url = checkedUrl(scriptUrl, 'scriptUrl');
  return script(
    ':again',
    `echo Athanor: nothing to boot yet, asking again in ${seconds} s`,
    `sleep ${seconds}`,
    `chain --replace --autofree ${url} || goto again`,
  );
}
