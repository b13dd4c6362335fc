/** What would be taken for something else is refused before anything is sent. */
import { expect, it } from 'vitest';
import { openBmc } from '../open-bmc.ts';
import { realDependencies } from '../testing/real-dependencies.ts';
import { findBmcCommand } from './table.ts';

it.each([
  ['watchdog set', { timeoutSeconds: 5, warning: 'nmi', warningSeconds: 10 }, 'warningSeconds'],
  ['channel set-access', { channel: 1 }, ''],
  ['sol set', { accumulateIntervalMs: 7 }, 'accumulateIntervalMs'],
  ['sol set', { retryIntervalMs: 7 }, 'retryIntervalMs'],
])('bmc %s %o', async (name, parameters, field) => {
  const bmc = openBmc(
    { name: 'nobody', driver: 'unmanaged', address: '', macAddress: '52:54:00:00:00:01' },
    realDependencies(),
  );
  await expect(findBmcCommand(name)?.run(bmc, parameters)).rejects.toMatchObject({ code: 'invalid-input', field });
});
