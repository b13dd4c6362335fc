/** Every command of the table was agreed with by an independent program, or it is said by name why none could. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { bmcCommands } from '../../commands/table.ts';
import { allProofs } from './all-proofs.ts';

const root = resolve(import.meta.dirname, '../../../..');
const proofs = await allProofs();

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
