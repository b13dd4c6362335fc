/** The same commands through a server's API: it has the credentials, keeps the history and guards running operations. */
import { answerOfError, type BmcAnswer, type BmcCommand, routeOf } from '../../bmc/index.ts';
import { bmcAnswerSchema } from '../../api/index.ts';
import { AthanorError } from '../../errors/index.ts';
import { createClient, path } from '../client.ts';
import { type Context, loginFileOf } from '../context.ts';
import { readLogin } from '../login-file.ts';
import type { Asked } from './command-tree.ts';
import { type ConnectionOptions, connectionOptionNames } from './connection-options.ts';
import type { Targets } from './direct.ts';
import { defaultParallel } from './sweep.ts';
import { expandNodeRanges, isOneName } from './node-ranges.ts';

/** What only the tool without a server takes. */
const withoutServer = new Set([...connectionOptionNames].filter((name) => !['parallel', 'yes'].includes(name)));

/** The longest that a BMC is waited for by itself: for its restart. */
const longestWaitMs = 300_000;
/** For the wait for others' changes, a session that has to be opened, and the last look. */
const marginMs = 180_000;

/** How long the server may take for a command: longer than it gives the BMC, or hanging up would break the call off. */
export function answerLimit(
  command: Pick<BmcCommand, 'untilInterrupted'>,
  parameters: Record<string, unknown>,
): number {
  if (command.untilInterrupted === true) return Number.POSITIVE_INFINITY;
  const { deadlineSeconds } = parameters;
  return Math.max(typeof deadlineSeconds === 'number' ? deadlineSeconds * 1000 : 0, longestWaitMs) + marginMs;
}

export async function serverTargets(
  context: Context,
  asked: Asked,
  options: ConnectionOptions,
  parameters: Record<string, unknown>,
): Promise<Targets> {
  const { command, bmcs = '', node } = asked;
  refuseDirectOptions(options);
  const names = expandNodeRanges([bmcs]);
  const parallel = Math.min(options.parallel ?? defaultParallel, names.length);
  const client = createClient(await readLogin(await loginFileOf(context, node)), parallel);
  const { method, path: words } = routeOf(command);
  const ask = async (name: string, signal: AbortSignal): Promise<BmcAnswer> => {
    const waiting = { signal, limitMs: answerLimit(command, parameters) };
    const route = `${path`bmcs/${name}`}/${words}`;
    if (method === 'POST') return await client.send('POST', route, parameters, bmcAnswerSchema, waiting);
    const query = queryOf(parameters);
    return await client.get(query === '' ? route : `${route}?${query}`, bmcAnswerSchema, waiting);
  };
  const single = isOneName([bmcs]);
  return {
    single,
    targets: names.map((name) => ({
      name,
      ask: async (signal) => {
        try {
          if (signal.aborted) throw new AthanorError('aborted', `${name} was not asked any more.`);
          return await ask(name, signal);
        } catch (thrown) {
          const error = signal.aborted ? interrupted(name, thrown) : thrown;
          // Of one BMC the server's own words are the best report.
          if (single) throw error;
          return answerOfError(name, 'server', error);
        }
      },
    })),
    end: () => client.close(),
  };
}

/** The server hears of it by the connection's end, and breaks the call off as Ctrl-C does without a server. */
function interrupted(name: string, cause: unknown): AthanorError {
  return new AthanorError('aborted', `${name}: interrupted; the server breaks the call off.`, {
    remedy: 'What came of it is in the history: `athanor event tail`.',
    cause,
  });
}

function queryOf(parameters: Record<string, unknown>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  return search.toString();
}

/** What a server has of its own must not be given to it. */
export function refuseDirectOptions(options: ConnectionOptions): void {
  const given: Record<string, unknown> = {
    user: options.user,
    'password-file': options.passwordFile,
    'password-env': options.passwordEnv,
    'password-command': options.passwordCommand,
    'kg-file': options.kgFile,
    port: options.port,
    'cipher-suites': options.cipherSuites,
    quirk: options.quirks.length > 0 ? options.quirks : undefined,
    mac: options.mac,
    credential: options.credential,
  };
  const wrong = Object.keys(given).find((name) => withoutServer.has(name) && given[name] !== undefined);
  if (wrong === undefined) return;
  throw new AthanorError('invalid-input', `--${wrong} is for the tool without a server; a server has its own.`, {
    field: `--${wrong}`,
    remedy: 'Give --host, or leave the option out and declare it in the configuration of the server.',
  });
}
