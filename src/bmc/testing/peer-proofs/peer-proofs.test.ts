/** Every command of the table was agreed with by an independent program, or it is said by name why none could. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { bmcCommands } from '../../commands/table.ts';

const root = resolve(import.meta.dirname, '../../../..');
const proof = z.union([
  z.strictObject({ test: z.string(), peers: z.array(z.string().min(5)).min(1) }),
  z.strictObject({ unproved: z.string().min(20) }),
]);
const files = readdirSync(import.meta.dirname).filter((file) => !/^proof\.ts$|\.test\.ts$/.test(file));
const proofs = await Promise.all(
  files.map(async (file) => {
    const exported: unknown = await import(join(import.meta.dirname, file));
    return Object.values(z.record(z.string(), z.record(z.string(), proof)).parse(exported));
  }),
).then((all) => all.flat().flatMap((named) => Object.entries(named)));

it('names each command of the table once, and nothing else', () => {
  const names = proofs.map(([name]) => name).toSorted();
  expect(names).toEqual(bmcCommands.map(({ name }) => name).toSorted());
});

it('names tests that are there and run an independent program', () => {
  for (const [name, given] of proofs) {
    if ('unproved' in given) continue;
    const file = join(root, given.test);
    expect(existsSync(file), `${name}: ${given.test}`).toBe(true);
    expect(readFileSync(file, 'utf8'), `${name}: ${given.test}`).toMatch(/ipmitool|freeipmi|ipmi-|bmc-/i);
  }
});
