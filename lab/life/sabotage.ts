/** Breaks one stage of a life, so that the demo can be seen to notice. */
import { open } from 'node:fs/promises';
import { run } from '../command.ts';
import type { LabMachine, Rack } from '../index.ts';

export const sabotages = ['image', 'bmc', 'tftp'] as const;
export type Sabotage = (typeof sabotages)[number];

export function parseSabotage(text: string): Sabotage {
  const found = sabotages.find((name) => name === text);
  if (found === undefined) throw new Error(`--sabotage ${text}: use one of ${sabotages.join(', ')}`);
  return found;
}

/** Changes one byte of the image file behind Athanor's back. */
export async function swapImage(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const { size } = await handle.stat();
    const byte = Buffer.alloc(1);
    const position = Math.floor(size / 2);
    await handle.read(byte, 0, 1, position);
    await handle.write(Buffer.of((byte[0] ?? 0) ^ 0xff), 0, 1, position);
  } finally {
    await handle.close();
  }
}

/** The BMC hears nothing any more. */
export function deafenBmc(machine: LabMachine): void {
  machine.bmc.stop();
}

/** No TFTP packet reaches the server. */
export async function closeTftp(rack: Rack): Promise<void> {
  const { file, args } = rack.inControl(['nft', '-f', '-']);
  await run(
    file,
    args,
    'table inet sabotage {\nchain input {\ntype filter hook input priority 0;\nudp dport 69 drop\n}\n}\n',
  );
}
