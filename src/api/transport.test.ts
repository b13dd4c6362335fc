/** Over real listeners: TLS on TCP and on a unix socket, the certificate, and the event stream. */
import { X509Certificate, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createControlPlaneFixture, type FixtureControlPlane } from './control-plane.fixture.ts';
import {
  certificateKeyFile,
  createApi,
  createTokens,
  digestOfToken,
  ensureCertificate,
  ensureFirstToken,
  type Api,
  type Certificate,
  type Listener,
} from './index.ts';

const clock = { now: () => new Date() }; // the TLS library looks at the real time
let directory: string;
let certificate: Certificate;
let token: string;
let plane: FixtureControlPlane;
let api: Api;
let tcp: Listener;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'athanor-api-'));
  certificate = await ensureCertificate({ directory, clock, names: ['rack.example', '10.77.0.1'] });
  token = await ensureFirstToken(directory, randomBytes);
  plane = createControlPlaneFixture();
  api = await createApi({
    controlPlane: plane,
    tokens: createTokens([{ name: 'first', digest: digestOfToken(token) }]),
    certificate,
    logger: pino({ level: 'silent' }),
    version: '0.1.0',
    heartbeatMs: 20,
  });
  const listeners = await api.listen([{ host: '127.0.0.1', port: 0 }, { path: join(directory, 'api.sock') }]);
  const [first] = listeners;
  if (first === undefined || listeners.length !== 2) throw new Error('two listeners were expected');
  tcp = first;
});
afterEach(async () => {
  await api.close();
  await rm(directory, { recursive: true });
});

function send(path: string, over: RequestOptions = {}): Promise<IncomingMessage> {
  const { hostname, port } = new URL(tcp.url);
  return new Promise((resolve, reject) => {
    const sent = request({ host: hostname, port, path, ca: certificate.certificate, agent: false, ...over }, resolve);
    sent.setHeader('authorization', `Bearer ${token}`);
    sent.once('error', reject);
    sent.end();
  });
}

async function text(response: IncomingMessage): Promise<string> {
  let all = '';
  for await (const chunk of response) all += String(chunk);
  return all;
}

/** Reads until the text holds `wanted`; the connection stays open. */
async function textUntil(response: IncomingMessage, wanted: string): Promise<string> {
  let all = '';
  return new Promise((resolve, reject) => {
    response.on('data', (chunk: Buffer) => {
      all += chunk.toString();
      if (all.includes(wanted)) resolve(all);
    });
    response.once('end', () => reject(new Error(`ended with ${all}`)));
  });
}

describe('the certificate', () => {
  it('is made once, names the host and its addresses, and its key is for its owner alone', async () => {
    const parsed = new X509Certificate(certificate.certificate);
    for (const name of ['localhost', 'rack.example']) expect(parsed.checkHost(name)).toBe(name);
    for (const address of ['127.0.0.1', '10.77.0.1']) expect(parsed.checkIP(address)).toBe(address);
    expect(parsed.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(parsed.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(certificate.fingerprint);
    expect((await stat(join(directory, certificateKeyFile))).mode & 0o777).toBe(0o600);
    expect(await ensureCertificate({ directory, clock, names: [] })).toEqual(certificate);
  });

  it('with the wrong key or none is refused instead of being replaced behind the clients’ back', async () => {
    const other = await mkdtemp(join(tmpdir(), 'athanor-api-'));
    try {
      await ensureCertificate({ directory: other, clock, names: [] });
      const foreign = await readFile(join(other, certificateKeyFile), 'utf8');
      await writeFile(join(directory, certificateKeyFile), foreign);
      const again = (): Promise<Certificate> => ensureCertificate({ directory, clock, names: [] });
      await expect(again()).rejects.toMatchObject({ code: 'secret-unreadable' });
      await rm(join(directory, certificateKeyFile));
      await expect(again()).rejects.toMatchObject({ code: 'secret-unreadable' });
    } finally {
      await rm(other, { recursive: true });
    }
  });
});

describe('the first token', () => {
  it('is made once and readable by its owner alone', async () => {
    expect(token).toMatch(/^athanor_[\w-]{43}$/);
    expect((await stat(join(directory, 'token'))).mode & 0o777).toBe(0o600);
    expect(await ensureFirstToken(directory, randomBytes)).toBe(token);
  });
});

describe('the listeners', () => {
  it('answer over TLS on TCP and on the unix socket, verified against the certificate', async () => {
    const overTcp = await send('/api/v1/machines');
    const overUnix = await send('/api/v1/machines', {
      socketPath: join(directory, 'api.sock'),
      servername: 'localhost',
    });
    expect([overTcp.statusCode, overUnix.statusCode]).toEqual([200, 200]);
    expect(await text(overTcp)).toBe(await text(overUnix));
  });

  it('refuse TLS below 1.2', async () => {
    const { port } = new URL(tcp.url);
    const refused = await new Promise<string | undefined>((resolve) => {
      const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
      const socket = tlsConnect({ port: Number(port), host: '127.0.0.1', ca: certificate.certificate, ...old });
      socket.once('secureConnect', () => resolve('connected'));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    expect(refused).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  });

  it('name the address that is taken, and open none of the others then', async () => {
    const { port } = new URL(tcp.url);
    const second = await createApi({
      controlPlane: plane,
      tokens: createTokens([]),
      certificate,
      logger: pino({ level: 'silent' }),
      version: '0.1.0',
    });
    const free = join(directory, 'second.sock');
    const listening = second.listen([{ path: free }, { host: '127.0.0.1', port: Number(port) }]);
    await expect(listening).rejects.toMatchObject({ code: 'address-in-use', value: `127.0.0.1:${port}` });
    await expect(second.listen([{ path: join(directory, 'api.sock') }])).rejects.toMatchObject({
      code: 'address-in-use',
    });
    await expect(stat(free)).rejects.toMatchObject({ code: 'ENOENT' });
    await second.close();
  });

  it('take over the socket that a killed server left behind', async () => {
    const path = join(directory, 'left.sock');
    await leaveSocketBehind(path);
    const [listener] = await api.listen([{ path }]).then((all) => all.slice(-1));
    expect(listener?.url).toBe(`unix:${path}`);
    const answer = await send('/healthz', { socketPath: path, servername: 'localhost' });
    expect(answer.statusCode).toBe(200);
  });
});

describe('the event stream', () => {
  it('tells history and then what happens, each with its sequence as id', async () => {
    plane.append('machine.discovered', 'm-1');
    const response = await send('/api/v1/events');
    expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    const first = await textUntil(response, 'machine.discovered');
    expect(first).toMatch(/^id: 1\ndata: \{"sequence":1,/m);
    const next = textUntil(response, 'machine.named');
    plane.append('machine.named', 'm-1');
    expect(await next).toMatch(/^id: 2\n/m);
    response.destroy();
  });

  it('resumes after Last-Event-ID, whatever the URL says', async () => {
    for (const kind of ['one', 'two', 'three']) plane.append(kind, 'm-1');
    const resumed = await send('/api/v1/events?after=0&follow=false', { headers: { 'last-event-id': '2' } });
    expect([...(await text(resumed)).matchAll(/^id: (\d+)$/gm)].map(([, id]) => id)).toEqual(['3']);
    const last = await send('/api/v1/events?last=2&follow=false');
    expect([...(await text(last)).matchAll(/^id: (\d+)$/gm)].map(([, id]) => id)).toEqual(['2', '3']);
    const bad = await send('/api/v1/events', { headers: { 'last-event-id': 'x' } });
    expect(bad.statusCode).toBe(400);
  });

  it('shows life while nothing happens, and ends its reading when the client goes', async () => {
    const response = await send('/api/v1/events');
    await textUntil(response, ': still here');
    expect(plane.openStreams()).toBe(1);
    const left = Promise.withResolvers<void>();
    response.destroy();
    const watch = setInterval(() => plane.openStreams() === 0 && left.resolve(), 5);
    await left.promise;
    clearInterval(watch);
  });

  it('does not read on while the client does not', async () => {
    const filler = 'x'.repeat(10_000);
    let produced = 0;
    plane.events = async function* endless(after, signal) {
      for (let sequence = after + 1; !signal.aborted; sequence += 1) {
        produced = sequence;
        yield {
          sequence,
          time: clock.now().toISOString(),
          kind: 'k',
          subjectKind: 's',
          subjectId: 'i',
          data: { filler },
        };
        await new Promise(setImmediate);
      }
    };
    const response = await send('/api/v1/events');
    response.pause();
    const stalled = Promise.withResolvers<number>();
    let before = -1;
    const watch = setInterval(() => {
      if (produced > 0 && produced === before) stalled.resolve(produced);
      before = produced;
    }, 200);
    const count = await stalled.promise;
    clearInterval(watch);
    expect(count * filler.length).toBeLessThan(64 * 1024 * 1024);
    response.destroy();
  });

  it('ends when the server stops', async () => {
    const response = await send('/api/v1/events');
    await textUntil(response, ': athanor events');
    const ended = new Promise<void>((resolve) => response.once('end', () => resolve()));
    await api.close();
    await ended;
  });
});

/** A bound socket file that nobody answers on, as kill -9 leaves it: Node removes the file on close, a rename hides it. */
async function leaveSocketBehind(path: string): Promise<void> {
  const { rename } = await import('node:fs/promises');
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.live`, resolve));
  await rename(`${path}.live`, path);
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

describe('a call to a BMC', () => {
  /** The signal that the control plane was given, by the command's name. */
  function holdCalls(): Map<string, AbortSignal | undefined> {
    const signals = new Map<string, AbortSignal | undefined>();
    plane.askBmc = async (bmc, command, _parameters, _caller, signal) => {
      signals.set(command.name, signal);
      if (signal?.aborted === false) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return { bmc, driver: 'ipmi', outcome: 'done', evidence: [] };
    };
    return signals;
  }
  const json = { method: 'POST', headers: { 'content-type': 'application/json' } };

  it('is broken off when the client goes, whatever the command', async () => {
    const signals = holdCalls();
    const { hostname, port } = new URL(tcp.url);
    for (const [method, path, name] of [
      ['GET', 'sensors', 'sensors'],
      ['POST', 'power/off', 'power off'],
    ] as const) {
      const authorization = `Bearer ${token}`;
      const where = { host: hostname, port, ca: certificate.certificate, agent: false, headers: { authorization } };
      const asked = request({ ...where, method, path: `/api/v1/bmcs/b1/${path}` });
      asked.on('error', () => undefined).end();
      await expect.poll(() => signals.get(name)?.aborted).toBe(false);
      asked.destroy();
      await expect.poll(() => signals.get(name)?.aborted).toBe(true);
    }
  });

  it('that lasts until somebody ends it ends with the server, and answers', async () => {
    const signals = holdCalls();
    const answered = post('/api/v1/bmcs/b1/fans/hold', { percent: 60 });
    await expect.poll(() => signals.get('fans hold')?.aborted).toBe(false);
    await api.close();
    expect((await answered).statusCode).toBe(200);
  });

  it('that is answered is not broken off afterwards', async () => {
    let given: AbortSignal | undefined;
    plane.askBmc = async (bmc, _command, _parameters, _caller, signal) => {
      given = signal;
      return { bmc, driver: 'ipmi', outcome: 'done', evidence: [] };
    };
    const response = await send('/api/v1/bmcs/b1/power/status');
    const closed = new Promise<void>((resolve) => response.once('close', () => resolve()));
    response.resume();
    await closed;
    expect(given?.aborted).toBe(false);
  });

  function post(path: string, body: unknown): Promise<IncomingMessage> {
    const { hostname, port } = new URL(tcp.url);
    const authorization = `Bearer ${token}`;
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          host: hostname,
          port,
          path,
          ca: certificate.certificate,
          agent: false,
          ...json,
          headers: { ...json.headers, authorization },
        },
        (response) => resolve(response.resume()),
      );
      asked.once('error', reject).end(JSON.stringify(body));
    });
  }
});
