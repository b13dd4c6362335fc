/** The demo is a test of itself only if it can fail: with one stage broken it ends non-zero and names that stage. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

interface DemoLine {
  failed?: boolean;
  ok?: boolean;
  machine?: string;
  stage?: string;
  text?: string;
}

/** Runs the demo in an enclosure of its own. */
async function demo(args: string[]): Promise<{ code: unknown; lines: DemoLine[] }> {
  const child = spawn(
    path.join(root, 'lab/enter'),
    [process.execPath, path.join(root, 'lab/demo.ts'), '--exit', '--json', ...args],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const lines: DemoLine[] = [];
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) lines.push(JSON.parse(line) as DemoLine);
  const [code] = await ended;
  return { code, lines };
}

it.each([
  { sabotage: 'image', machines: 'bios', stage: 'image-checked', says: /digest-mismatch/ },
  { sabotage: 'bmc', machines: 'bios', stage: 'power-on', says: /does not answer/ },
  { sabotage: 'tftp', machines: 'uefi', stage: 'loader', says: /loader/ },
  { sabotage: 'rule', machines: 'bios', stage: 'rule-matched', says: /asks for a person: .*no rule.*told nothing/ },
  { sabotage: 'pattern', machines: 'bios', stage: 'rule-matched', says: /asks for a person: .*no rule.*told nothing/ },
])('the demo names the stage when the $sabotage is sabotaged', async ({ sabotage, machines, stage, says }) => {
  const { code, lines } = await demo(['--sabotage', sabotage, '--machines', machines, '--patience', '60']);
  expect(code).toBe(1);
  expect(lines.filter((line) => line.failed)).toMatchObject([{ machine: machines, stage }]);
  expect(lines.find((line) => line.failed)?.text).toMatch(says);
  expect(lines.some((line) => line.ok)).toBe(false);
});
