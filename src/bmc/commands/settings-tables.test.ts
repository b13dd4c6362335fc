import { expect, it } from 'vitest';
import { bmcCommands } from './table.ts';

it('settings that a BMC does not tell are left out of the table, as they are out of JSON', () => {
  const given: Record<string, unknown> = {
    'lan get': { channel: 1, gateway: undefined, cipherSuites: [], ipv6: undefined, findings: [] },
    'sol info': { channel: 1, role: undefined },
    'serial get': { channel: 2, bitRate: undefined },
  };
  for (const [name, value] of Object.entries(given)) {
    const { table } = bmcCommands.find((command) => command.name === name)?.present(value) ?? {};
    expect(table?.rows).toContainEqual(['channel', expect.stringMatching(/^[12]$/)]);
    expect(JSON.stringify(table)).not.toMatch(/undefined|gateway|role|bitRate/);
  }
});
