/** Sockets and the sessions on them, against a scripted BMC: when they are given up, and for whom they are opened. */
import { expect, it } from 'vitest';
import { powerOn, startScripted } from './testing/start-scripted.ts';
import { expectDone, expectFailed } from './testing/results.ts';

/** Counts the sockets that were opened and closed. */
function start(...given: Parameters<typeof startScripted>) {
  const started = startScripted(...given);
  const { open } = started.scripted;
  const sockets = { opened: 0, closed: 0 };
  started.scripted.open = async (endpoint, handlers) => {
    sockets.opened += 1;
    const channel = await open(endpoint, handlers);
    return { ...channel, close: () => void (sockets.closed += 1) };
  };
  return { ...started, sockets };
}

it('a session that the BMC has forgotten is opened anew on a new socket: its address may have changed', async () => {
  const { bmc, scripted, sockets } = start();
  expectDone(await bmc.power.get());
  expectDone(await bmc.power.get());
  expect(sockets).toEqual({ opened: 1, closed: 0 });
  scripted.restart();
  expectDone(await bmc.power.get());
  expect(sockets).toEqual({ opened: 2, closed: 1 });
  await bmc.close();
  expect(sockets).toEqual({ opened: 2, closed: 2 });
});

it('a session that could not be opened leaves no socket behind', async () => {
  let deaf = true;
  const { bmc, sockets } = start({ answer: (packet) => (deaf ? undefined : packet) });
  expectFailed(await bmc.power.get());
  expect(sockets).toEqual({ opened: 1, closed: 1 });
  deaf = false;
  expectDone(await bmc.power.get());
  expect(sockets).toEqual({ opened: 2, closed: 1 });
  await bmc.close();
});

it('of several requests in flight, those stay whose callers stay while the session is opened', async () => {
  const leaving = new AbortController();
  const { bmc, scripted } = start(
    {
      rakp2Status() {
        leaving.abort();
        return undefined;
      },
      command: () => powerOn,
    },
    { requestsInFlight: 2 },
  );
  const [left, stayed] = await Promise.all([bmc.power.get({ signal: leaving.signal }), bmc.power.get()]);
  expect(expectFailed(left).error.code).toBe('aborted');
  expectDone(stayed);
  expect(scripted.arrived.filter((name) => name === 'open')).toHaveLength(1);
  await bmc.close();
});
