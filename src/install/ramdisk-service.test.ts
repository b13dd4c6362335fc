import { describe, expect, it } from 'vitest';
import { AthanorError } from '../errors/index.ts';
import type { BootHttpRequest } from '../site/index.ts';
import { createRamdiskService, createWakeups, type RamdiskTask, type RamdiskWork } from './index.ts';
import { address, completion, failureOfDisk, mac, progressOf, useInstallBench } from './testing/install-bench.ts';

const bench = useInstallBench();

const inventory = {
  uuid: 'a1234567-89ab-cdef-a123-456789abcdef',
  firmware: 'bios',
  cpus: { count: 2 },
  memoryBytes: 1024,
  disks: [{ name: '/dev/sda', sizeBytes: 1000 }],
  nics: [{ name: 'eth0', mac: '52:54:00:AA:00:01' }],
};

type Answer = { status: number; text: string; body: Record<string, unknown>; file?: string };

/** One booted ramdisk, the service it speaks with, and the room behind that. */
async function setUp(task: () => RamdiskTask = () => ({ task: 'wait' })) {
  const machineId = await bench.addMachine();
  const operationId = await bench.addOperation(machineId);
  const attempts = bench.attempts();
  const { ticket } = await attempts.begin({ machineId, mac, address, operationId });
  const heard: unknown[] = [];
  const errors: AthanorError[] = [];
  const looked = Promise.withResolvers<void>();
  const work: RamdiskWork = {
    inventory: (_attempt, report) => Promise.resolve(void heard.push(report)),
    task: () => {
      looked.resolve();
      return Promise.resolve(task());
    },
    imageFile: () => Promise.resolve('/images/lab-os.img'),
    next: (_attempt, { outcome }) => Promise.resolve({ next: outcome === 'complete' ? 'reboot' : 'wait' }),
  };
  const wakeups = createWakeups();
  const service = createRamdiskService({ attempts, work, wakeups, onError: (error) => errors.push(error) });
  const { token } = await attempts.exchange(ticket, address);
  async function ask(
    line: string,
    body?: unknown,
    changes: Partial<BootHttpRequest> = {},
  ): Promise<Answer | undefined> {
    const [method, path] = line.split(' ');
    const url = new URL(path ?? '', 'http://server/ramdisk/v1/');
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await service({
      method: method === 'GET' ? 'GET' : 'POST',
      path: url.pathname,
      query: url.searchParams,
      headers: { authorization: `Bearer ${token}` },
      remoteAddress: address,
      ...(text === undefined ? {} : { body: Buffer.from(text) }),
      ...changes,
    });
    if (response === undefined) return undefined;
    if ('file' in response) return { status: 200, text: '', body: {}, file: response.file };
    const sent = Buffer.from(response.body).toString();
    const parsed: unknown = JSON.parse(sent);
    return { status: response.status, text: sent, body: Object.fromEntries(Object.entries(parsed ?? {})) };
  }
  return { machineId, operationId, attempts, ticket, token, heard, errors, work, wakeups, looked: looked.promise, ask };
}

describe('the service for ramdisks', () => {
  it('answers each endpoint, and leaves every other path to others', async () => {
    const { ask, heard } = await setUp();
    expect(await ask('POST inventory', inventory)).toMatchObject({ status: 200, body: { ok: true } });
    expect(heard).toMatchObject([{ firmware: 'bios', nics: [{ mac: '52:54:00:aa:00:01', driver: '' }] }]);
    expect(await ask('GET task')).toMatchObject({ status: 200, body: { task: 'wait' } });
    expect(await ask('GET image')).toMatchObject({ file: '/images/lab-os.img' });
    expect(await ask('POST progress', progressOf(10))).toMatchObject({ status: 200 });
    expect(await ask('POST complete', completion)).toMatchObject({ status: 200, body: { next: 'reboot' } });
    expect(await ask('GET nothing')).toBeUndefined();
    expect(await ask('POST task', {})).toBeUndefined();
    expect(await ask('GET http://server/boot/ipxe')).toBeUndefined();
    const failing = await setUp();
    expect(await failing.ask('POST failed', failureOfDisk)).toMatchObject({ status: 200, body: { next: 'wait' } });
  });

  it('exchanges a ticket without a token', async () => {
    const { ask, ticket, token } = await setUp();
    const exchanged = await ask('POST exchange', { ticket, mac }, { headers: {} });
    expect(exchanged).toMatchObject({ status: 200, body: { token, attempt: 1 } });
  });

  it.each([
    ['no token', {}],
    ['another scheme', { authorization: 'Basic abc' }],
    ['a wrong token', { authorization: `Bearer ${'x'.repeat(43)}` }],
  ])('refuses %s', async (_what, headers) => {
    const { ask, heard } = await setUp();
    for (const line of ['GET task', 'GET image', 'POST inventory', 'POST progress', 'POST complete', 'GET nothing'])
      expect(await ask(line, inventory, { headers }), line).toMatchObject({
        status: 401,
        body: { code: 'unauthorised' },
      });
    expect(heard).toEqual([]);
  });

  it.each([
    ['inventory', { ...inventory, firmware: 'coreboot' }, 'firmware'],
    ['inventory', { ...inventory, uuid: 'x'.repeat(257) }, 'uuid'],
    ['inventory', { ...inventory, nics: [{ name: 'eth0', mac: '00:11:22:33:44:GG' }] }, 'nics.0.mac'],
    ['inventory', { ...inventory, disks: Array.from({ length: 513 }, () => ({ name: 'd', sizeBytes: 1 })) }, 'disks'],
    ['progress', { ...progressOf(-1) }, 'bytes'],
    ['progress', { ...progressOf(1), phase: 'dancing' }, 'phase'],
    ['complete', { ...completion, sha256ReadBack: 'short' }, 'sha256ReadBack'],
    ['complete', { ...completion, disk: 'x'.repeat(257) }, 'disk'],
    ['failed', { ...failureOfDisk, message: 'x'.repeat(2049) }, 'message'],
    ['failed', [], ''],
  ])('refuses %s with a field that is wrong, and names it', async (endpoint, body, field) => {
    const { ask, errors, heard, attempts, operationId } = await setUp();
    expect(await ask(`POST ${endpoint}`, body)).toMatchObject({ status: 400, body: { code: 'invalid-input' } });
    expect(errors).toMatchObject([{ code: 'invalid-input', field }]);
    expect(heard).toEqual([]);
    expect(await attempts.newestOf(operationId)).toMatchObject({ progress: null, result: null });
  });

  it.each(['', 'null', '{', '"ticket"', '\u0000', '[1,'])('refuses the body %j', async (body) => {
    const { ask } = await setUp();
    for (const endpoint of ['inventory', 'progress', 'complete', 'failed', 'exchange'])
      expect(await ask(`POST ${endpoint}`, body)).toMatchObject({ status: 400, body: { code: 'invalid-input' } });
  });

  it('tells no secret in an answer or an error, whatever goes wrong', async () => {
    const { ask, ticket, token, errors, work } = await setUp();
    const canary = 'canary-of-a-password';
    work.imageFile = () => Promise.reject(new Error(`postgres://athanor:${canary}@db/athanor`));
    const answers = [
      await ask('POST exchange', `{"ticket":"${ticket}`, { headers: {} }),
      await ask('POST exchange', `{"ticket":${ticket}}`, { headers: {} }),
      await ask('POST exchange', { ticket, mac: 'none' }, { headers: {} }),
      await ask('POST exchange', { ticket, mac }, { headers: {}, remoteAddress: '10.0.0.66' }),
      await ask('GET task', undefined, { remoteAddress: '10.0.0.66' }),
      await ask('GET image'),
    ];
    expect(answers.map((answer) => answer?.status)).toEqual([400, 400, 400, 401, 401, 500]);
    const said = answers.map((answer) => answer?.text).join() + errors.slice(0, -1).map(wholeError).join();
    for (const secret of [ticket, token, canary]) expect(said).not.toContain(secret);
    for (const part of [ticket.slice(0, 12), ticket.slice(-12)]) expect(said).not.toContain(part);
    for (const answer of answers) expect(answer?.body).toMatchObject({ remedy: expect.stringMatching(/\w/) });
  });
});

describe('the long poll', () => {
  it('ends early when there is something to do', async () => {
    let task: RamdiskTask = { task: 'wait' };
    const { ask, wakeups, machineId, looked } = await setUp(() => task);
    const asked = ask('GET task?wait=30');
    await looked;
    task = { task: 'power-off' };
    wakeups.wake(machineId);
    expect(await asked).toMatchObject({ status: 200, body: { task: 'power-off' } });
  });

  it.each(['', '?wait=0', '?wait=-5', '?wait=many', '?wait=Infinity'])('does not wait for “%s”', async (query) => {
    const { ask } = await setUp();
    expect(await ask(`GET task${query}`)).toMatchObject({ status: 200, body: { task: 'wait' } });
  });

  it('is told that it is over when the machine boots anew meanwhile', async () => {
    const { ask, attempts, wakeups, machineId, operationId, looked } = await setUp();
    const asked = ask('GET task?wait=30');
    await looked;
    await attempts.begin({ machineId, mac, address, operationId });
    wakeups.wake(machineId);
    expect(await asked).toMatchObject({ status: 409, body: { code: 'outdated-attempt' } });
  });
});

function wholeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const value = error instanceof AthanorError ? `${error.field} ${error.value}` : '';
  return `${error.message} ${error.stack} ${value} ${error.cause === undefined ? '' : wholeError(error.cause)}`;
}
