/** Asks a server for the serial console of a BMC: an HTTP/1.1 upgrade over the pinned connection. */
import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { consoleProtocol } from '../api/index.ts';
import type { SerialConsole } from '../bmc/index.ts';
import { AthanorError } from '../errors/index.ts';
import { answerTimeoutMs, connectionError, type Login, path, problemError } from './client.ts';
import { openPinned, parseServer } from './pinned-connection.ts';
import { createRemoteConsole } from './remote-console.ts';

const keepAliveAfterMs = 30_000;
const longestProblem = 1024 * 1024;

export async function openRemoteConsole(
  login: Login,
  bmc: string,
  takeOver: boolean,
  signal: AbortSignal,
): Promise<SerialConsole> {
  const server = parseServer(login.server);
  const connection = await openPinned(server, login.fingerprint);
  connection.on('error', () => undefined);
  connection.setNoDelay(true);
  connection.setKeepAlive(true, keepAliveAfterMs);
  const interrupt = (): void => void connection.destroy(new AthanorError('aborted', 'Interrupted.'));
  signal.addEventListener('abort', interrupt, { once: true });
  if (signal.aborted) interrupt();
  const late = setTimeout(() => {
    connection.destroy(new AthanorError('unreachable', `${login.server} did not answer in time.`));
  }, answerTimeoutMs);
  try {
    const target = `/api/v1/${path`bmcs/${bmc}/console`}${takeOver ? '?takeOver=true' : ''}`;
    await upgraded(connection, new URL(server.origin).host, target, login.token);
    return createRemoteConsole(connection, login.server);
  } catch (error) {
    connection.destroy();
    throw connectionError(error, login.server);
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', interrupt);
  }
}

/** Resolves when the server has switched protocols; throws the problem it answers instead. */
async function upgraded(connection: Socket, host: string, target: string, token: string): Promise<void> {
  const answer = Promise.withResolvers<IncomingMessage | undefined>();
  const asked = request({
    createConnection: () => connection,
    path: target,
    headers: { host, authorization: `Bearer ${token}`, connection: 'Upgrade', upgrade: consoleProtocol },
  });
  asked.once('response', answer.resolve);
  asked.once('error', answer.reject);
  asked.once('upgrade', (response, _, head) => {
    if (response.headers.upgrade !== consoleProtocol) answer.reject(problemError(502, undefined));
    // What came with the answer is the protocol's already.
    if (head.length > 0) connection.unshift(head);
    answer.resolve(undefined);
  });
  asked.end();
  const response = await answer.promise;
  if (response === undefined) return;
  throw problemError(response.statusCode ?? 0, await jsonOf(response));
}

async function jsonOf(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > longestProblem) return undefined;
    chunks.push(bytes);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}
