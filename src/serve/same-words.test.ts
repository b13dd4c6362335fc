import { expect, it } from 'vitest';
import { machineStates as shown } from '../api/index.ts';
import { machineStates } from '../machine/index.ts';

it('the API names the states that the lifecycle has', () => {
  // They stand twice so that the command line need not load the machine room.
  expect(shown).toEqual(machineStates);
});
