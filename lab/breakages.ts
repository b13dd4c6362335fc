/** Ways to break a running server whose operating system nobody can ask: each tells when it was done. */
import { run } from './command.ts';
import type { LabMachine } from './machine.ts';

/** SeaBIOS and OVMF may place the cursor anew between any two letters that they pass on to the serial console. */
const grubPrompt = new RegExp(Array.from('grub>').join(String.raw`(?:[\r\n]|\u001b\[[0-9;]*[A-Za-z])*`));

/** Where the image's first partition begins, for mtools. */
const espOffset = '1M';
const GRUB_PROMPT_MS = 60_000;
const PANIC_MS = 30_000;

/** Presses Alt-SysRq-c at its keyboard: the kernel panics (it needs `sysrq_always_enabled=1`). Resolves once it says so. */
export async function panicBySysrq(machine: LabMachine): Promise<number> {
  const keys = ['alt', 'sysrq', 'c'].map((data) => ({ type: 'qcode', data }));
  return await panic(machine, () => machine.qmp('send-key', { keys }));
}

/** A non-maskable interrupt that nothing explains: the kernel panics (it needs `unknown_nmi_panic=1`). Resolves once it says so. */
export async function panicByNmi(machine: LabMachine): Promise<number> {
  return await panic(machine, () => machine.qmp('inject-nmi'));
}

/** @returns when it was asked for */
async function panic(machine: LabMachine, cause: () => Promise<unknown>): Promise<number> {
  const from = (await machine.serialLog()).length;
  const time = Date.now();
  await cause();
  await machine.waitForSerial(/Kernel panic - not syncing/, { timeoutMs: PANIC_MS, from });
  return time;
}

/**
 * Takes GRUB's configuration away (it becomes grub.bak) and resets: the machine stops at GRUB's prompt. The running
 * system does not have that partition open, and QEMU and mtools share the host's cache of the disk.
 *
 * @returns when it was reset; resolves when the prompt is there
 */
export async function hangAtGrub(machine: LabMachine): Promise<number> {
  await renameOnEsp(machine, 'grub.cfg', 'grub.bak');
  return await resetToGrub(machine);
}

/** Resets a server whose GRUB has no configuration, and waits for the prompt. */
export async function resetToGrub(machine: LabMachine): Promise<number> {
  const from = (await machine.serialLog()).length;
  const time = Date.now();
  await machine.qmp('system_reset');
  await machine.waitForSerial(grubPrompt, { timeoutMs: GRUB_PROMPT_MS, from });
  return time;
}

/** Gives GRUB its configuration back, for the next boot. */
export async function mendGrub(machine: LabMachine): Promise<void> {
  await renameOnEsp(machine, 'grub.bak', 'grub.cfg');
}

async function renameOnEsp(machine: LabMachine, from: string, to: string): Promise<void> {
  await run('mren', ['-i', `${machine.diskFile}@@${espOffset}`, `::${from}`, to]);
}
