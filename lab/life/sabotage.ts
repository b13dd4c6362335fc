/** Breaks one stage of a life, so that the demo can be seen to notice. */
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { run } from '../command.ts';
import type { LabMachine, Rack } from '../index.ts';

export const sabotages = ['image', 'bmc', 'tftp', 'rule', 'pattern'] as const;
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

/** Rules that know nothing: an empty set. */
export async function noRules(directory: string): Promise<void> {
  await mkdir(directory);
  await writeFile(path.join(directory, 'none.yaml'), 'rules: []\nplaybooks: []\n');
}

const ruleFile = z.looseObject({ rules: z.array(z.looseObject({ when: z.looseObject({}) })).optional() });

/** The same rules, but what they look for is on no screen; their tests would tell, so those are gone. */
export async function blindRules(directory: string, from: string): Promise<void> {
  await mkdir(directory);
  for (const name of await readdir(from)) {
    if (!/\.ya?ml$/.test(name)) continue;
    const document = ruleFile.parse(parse(await readFile(path.join(from, name), 'utf8')));
    const rules = document.rules?.map(({ when, ...rule }) => ({
      ...rule,
      when: { ...when, screen: 'Kernel picnic - all is well' },
      tests: [],
    }));
    await writeFile(path.join(directory, name), stringify({ ...document, ...(rules === undefined ? {} : { rules }) }));
  }
}
