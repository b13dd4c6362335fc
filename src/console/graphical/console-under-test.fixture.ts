import { inspect } from 'node:util';
import { AthanorError } from '../../errors/index.ts';
import type { ConnectStream } from './connect-by-net.ts';
import type { ConsoleSettings, ConsoleTimings, GraphicalConsole } from './console.ts';
import { createGraphicalConsole } from './graphical-console.ts';

/** The machine that runs the tests may be busy: only a test of a deadline sets a short one. */
const patient: Partial<ConsoleTimings> = {
  connectMs: 15_000,
  handshakeMs: 15_000,
  frameMs: 15_000,
  holdMs: 0,
  pauseMs: 0,
  echoMs: 0,
};

export function consoleOf(
  server: { connect: ConnectStream },
  settings: Partial<ConsoleSettings> = {},
): GraphicalConsole {
  const timings = { ...patient, ...settings.timings };
  return createGraphicalConsole({ name: 'r1n01', address: { path: '/none' }, ...settings, timings }, server);
}

/** The AthanorError that this rejects with. */
export async function failure(promise: Promise<unknown>): Promise<AthanorError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AthanorError)) throw new Error(`not an AthanorError: ${inspect(error)}`);
  return error;
}
