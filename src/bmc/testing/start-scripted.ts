import type { BmcSettings } from '../index.ts';
import { openBmc, rememberRefusedInMemory } from '../index.ts';
import { createFakeClock } from './fake-clock.ts';
import type { Script } from './scripted-bmc.ts';
import { createScriptedBmc } from './scripted-bmc.ts';

/** The answer to Get Chassis Status. */
export const powerOn = { completionCode: 0, data: Buffer.of(0x01, 0, 0) };

/** A handle to a scripted BMC, on a clock that never keeps anybody waiting. */
export function startScripted(change: Partial<Script> = {}, settings: Partial<BmcSettings> = {}) {
  const scripted = createScriptedBmc({ command: () => powerOn, ...change });
  const clock = createFakeClock({ automatic: true });
  let counter = 0;
  const dependencies = {
    udp: scripted,
    clock,
    // Different every time, and the same in every run.
    randomBytes: (length: number) => Uint8Array.from({ length }, () => (counter = (counter * 73 + 41) & 0xff)),
    refusedCredentials: rememberRefusedInMemory(),
  };
  const credential = { name: 'c', username: 'admin', password: 'secret', fingerprint: '1' };
  const given: BmcSettings = { name: 'b1', driver: 'ipmi', address: '192.0.2.1', credential, ...settings };
  return { bmc: openBmc(given, dependencies), scripted, clock };
}
