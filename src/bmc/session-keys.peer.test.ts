/** Our derivation of codes and keys against what ipmitool says it computed in a session of its own with ipmi_sim. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RakpExchange } from '../protocols/ipmi/index.ts';
import {
  deriveSessionKeys,
  findCipherSuite,
  rakp2AuthenticationCode,
  rakp3AuthenticationCode,
  rakp4IntegrityCheck,
  userKey,
} from '../protocols/ipmi/index.ts';
import type { IpmiSim } from './testing/ipmi-sim.ts';
import { administrator, startIpmiSim } from './testing/ipmi-sim.ts';

let sim: IpmiSim;
beforeAll(async () => {
  sim = await startIpmiSim();
});
afterAll(() => sim.stop());

/** The bytes that the trace shows under a heading, e.g. `Generated K1 (20 bytes)`. */
function dumped(trace: string, heading: string): Buffer {
  const lines = trace.split('\n');
  const start = lines.findIndex((line) => line.includes(`${heading} (`));
  if (start === -1) throw new Error(`ipmitool prints no ${heading}`);
  const length = lines.slice(start + 1).findIndex((line) => !/^( [0-9a-f]{2})+ *$/.test(line));
  return Buffer.from(
    lines
      .slice(start + 1, start + 1 + length)
      .join('')
      .replaceAll(' ', ''),
    'hex',
  );
}

describe('a session of ipmitool', () => {
  it('has the codes and keys that we derive from its random numbers', async () => {
    const trace = await sim.ipmitoolTrace('-vvvv', 'mc', 'guid');
    // SIDm, SIDc, Rm, Rc, GUIDc, RoleM, ULengthM, UNameM.
    const input = dumped(trace, 'rakp2 mac input buffer');
    const exchange: RakpExchange = {
      consoleSessionId: input.readUInt32LE(0),
      managedSystemSessionId: input.readUInt32LE(4),
      consoleRandom: input.subarray(8, 24),
      managedSystemRandom: input.subarray(24, 40),
      managedSystemGuid: input.subarray(40, 56),
      roleByte: input.readUInt8(56),
      username: input.subarray(58),
    };
    expect(exchange.username.toString()).toBe(administrator.username);
    const suite = findCipherSuite(3);
    if (suite === undefined) throw new Error('not in the table');
    const key = userKey(Buffer.from(administrator.password));
    const keys = deriveSessionKeys(suite, key, exchange);
    const { digestLength, integrityCheckLength } = suite.authentication;
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    expect({
      kuid: hex(key),
      rakp2: hex(rakp2AuthenticationCode(suite, key, exchange)),
      rakp3: hex(rakp3AuthenticationCode(suite, key, exchange)),
      sik: hex(keys.sessionIntegrityKey),
      k1: hex(keys.integrityKey),
      k2: hex(keys.confidentialityKey),
      rakp4: hex(rakp4IntegrityCheck(suite, keys, exchange)),
    }).toEqual({
      kuid: hex(dumped(trace, 'rakp2 mac key')),
      rakp2: hex(dumped(trace, 'rakp2 mac as computed by the remote console').subarray(0, digestLength)),
      rakp3: hex(dumped(trace, 'generated rakp3 mac')),
      sik: hex(dumped(trace, 'Generated session integrity key')),
      k1: hex(dumped(trace, 'Generated K1')),
      k2: hex(dumped(trace, 'Generated K2').subarray(0, suite.confidentiality.keyLength)),
      rakp4: hex(dumped(trace, 'rakp4 mac as computed by the BMC').subarray(0, integrityCheckLength)),
    });
  });
});
