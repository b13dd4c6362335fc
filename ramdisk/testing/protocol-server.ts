/** A small server of the ramdisk's protocol for this folder's tests: it records what it is told and misbehaves on request. */
import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Message = Record<string, unknown>;

export interface Recorded {
  method: string;
  path: string;
  range: string | undefined;
  authorization: string | undefined;
  body: Message;
}

/** What the test's answers to one kind of request are; undefined falls through to the ordinary one. */
export type Answer = { status: number; body: Message } | undefined;

export interface ProtocolServerOptions {
  ticket: string;
  task?: Message;
  image?: Buffer;
  /** Called before each answer; `destroy` breaks the connection. */
  intercept?: (request: Recorded, destroy: () => void) => Answer | Promise<Answer>;
  /** Writes the image's body itself. */
  sendImage?: (response: ServerResponse, image: Buffer, start: number) => Promise<void>;
  next?: string;
}

export interface ProtocolServer {
  port: number;
  requests: Recorded[];
  token: string;
  /** Resolves with the first request that the path ends with. */
  received(pathEnd: string, signal: AbortSignal): Promise<Recorded>;
  /** Stops listening and breaks every connection. */
  goDown(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

const problem = (status: number, code: string): Answer => ({
  status,
  body: { title: code, status, detail: 'says the test', code },
});

async function readMessage(request: IncomingMessage): Promise<Message> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const value: unknown = text === '' ? {} : JSON.parse(text);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function sendWhole(response: ServerResponse, image: Buffer, start: number): Promise<void> {
  return new Promise((resolve) => response.end(image.subarray(start), resolve));
}

export async function startProtocolServer(options: ProtocolServerOptions): Promise<ProtocolServer> {
  const token = 'token-of-this-attempt';
  const requests: Recorded[] = [];
  const listeners = new Set<() => void>();
  let exchanged = false;
  let given = false;

  const ordinary = (request: Recorded): Answer => {
    const path = request.path.replace(/\?.*/, '');
    if (path === '/ramdisk/v1/exchange') {
      if (request.body['ticket'] !== options.ticket || exchanged) return problem(403, 'ticket-refused');
      exchanged = true;
      return { status: 200, body: { token, attempt: 7, machine: 'm-1' } };
    }
    if (request.authorization !== `Bearer ${token}`) return problem(401, 'unauthorised');
    if (path === '/ramdisk/v1/task') {
      const task = given ? undefined : options.task;
      given = true;
      return { status: 200, body: task ?? { task: 'wait' } };
    }
    if (/\/(complete|failed)$/.test(path)) return { status: 200, body: { next: options.next ?? 'power-off' } };
    return { status: 200, body: { ok: true } };
  };

  const sendImage = async (recorded: Recorded, response: ServerResponse): Promise<void> => {
    const image = options.image ?? Buffer.alloc(0);
    const start = Number(/^bytes=(\d+)-$/.exec(recorded.range ?? '')?.[1] ?? 0);
    const headers = { 'content-type': 'application/octet-stream', 'content-length': image.length - start };
    if (recorded.range === undefined) response.writeHead(200, headers);
    else response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${image.length - 1}/${image.length}` });
    await (options.sendImage ?? sendWhole)(response, image, start);
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request;
    const body = await readMessage(request);
    const recorded: Recorded = {
      method,
      path: url,
      range: headers.range,
      authorization: headers.authorization,
      body,
    };
    requests.push(recorded);
    for (const listener of listeners) listener();
    const answer = (await options.intercept?.(recorded, () => response.destroy())) ?? undefined;
    if (response.destroyed) return;
    if (answer === undefined && url === '/ramdisk/v1/image') return sendImage(recorded, response);
    const { status, body: answered } = answer ?? ordinary(recorded) ?? { status: 500, body: {} };
    response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
    response.end(JSON.stringify(answered));
  };

  const server: Server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address: AddressInfo | string | null = server.address();
    if (address === null || typeof address === 'string') throw new Error('not an IP socket');
    return address.port;
  };
  const goDown = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  const port = await listen(0);

  return {
    port,
    requests,
    token,
    received: (pathEnd, signal) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = requests.find(({ path }) => path.replace(/\?.*/, '').endsWith(pathEnd));
          if (found === undefined) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        signal.addEventListener('abort', () => {
          listeners.delete(look);
          const seen = requests.map(({ path, body }) => `${path} ${JSON.stringify(body)}`).join('\n');
          reject(new Error(`no request for ${pathEnd} came; there were:\n${seen}`));
        });
        look();
      }),
    goDown,
    comeBack: async () => {
      await listen(port);
    },
    close: goDown,
  };
}
