import { once } from 'node:events';
import type { Socket } from 'node:dgram';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeTftpPacket, encodeTftpPacket } from '../../protocols/tftp/index.ts';
import type { TftpPacket } from '../../protocols/tftp/index.ts';
import { createTftpServer, normaliseTftpPath } from './index.ts';
import type { TftpReport, TftpServer } from './index.ts';
import { openPlainSocket, silentLogger } from './plain-socket.fixture.ts';

/** A clock whose alarms ring only when the test says so. */
function handClock() {
  const alarms = new Set<{ milliseconds: number; callback: () => void }>();
  return {
    now: () => 0,
    after: (milliseconds: number, callback: () => void) => {
      const alarm = { milliseconds, callback };
      alarms.add(alarm);
      return () => void alarms.delete(alarm);
    },
    /** Rings what is due within `milliseconds`; the number of alarms that rang. */
    pass(milliseconds: number): number {
      const due = [...alarms].filter((alarm) => alarm.milliseconds <= milliseconds);
      for (const alarm of due) {
        alarms.delete(alarm);
        alarm.callback();
      }
      return due.length;
    },
  };
}

const kernel = Buffer.from(Array.from({ length: 1300 }, (_, index) => index % 251));
let clock: ReturnType<typeof handClock>;
let server: TftpServer;
let client: Socket;
let inbox: { packet: TftpPacket; port: number }[];
let reports: TftpReport[];
let asked: string[];

beforeEach(async () => {
  clock = handClock();
  inbox = [];
  reports = [];
  asked = [];
  server = await createTftpServer({
    address: '127.0.0.1',
    port: 0,
    openSocket: openPlainSocket,
    read: (path) => {
      asked.push(path);
      if (path === 'broken') throw new Error('disk on fire');
      return path === 'kernel' ? kernel : undefined;
    },
    clock,
    logger: silentLogger,
    limits: { transfersPerClient: 3, patience: 1 },
    onTransfer: (report) => reports.push(report),
  });
  client = await newClient();
});
afterEach(async () => {
  client.close();
  await server.close();
});

async function newClient(): Promise<Socket> {
  const socket = await openPlainSocket({ address: '127.0.0.1', port: 0 });
  socket.on('message', (datagram, from) => {
    const packet = decodeTftpPacket(datagram);
    if (packet !== undefined) inbox.push({ packet, port: from.port });
  });
  return socket;
}
const send = (packet: TftpPacket, port: number, from = client) =>
  from.send(encodeTftpPacket(packet), port, '127.0.0.1');
const request = (fileName: string, ...options: [string, string][]): TftpPacket => ({
  type: 'read-request',
  fileName,
  mode: 'octet',
  options,
});
/** The next `count` packets to the client. */
async function receive(count = 1, socket = client) {
  while (inbox.length < count) await once(socket, 'message');
  return inbox.splice(0, count);
}
async function receiveOne() {
  const [first] = await receive(1);
  if (first === undefined) throw new Error('nothing came');
  return first;
}

describe('a read', () => {
  test('acknowledges options, then sends lock-step to an end with a short block', async () => {
    send(request('kernel', ['tsize', '0'], ['blksize', '650']), server.port);
    const offer = await receiveOne();
    expect(offer.packet).toEqual({
      type: 'option-acknowledgement',
      options: [
        ['tsize', '1300'],
        ['blksize', '650'],
      ],
    });
    expect(offer.port).not.toBe(server.port);
    const got: Buffer[] = [];
    for (let block = 0; block < 3; block++) {
      send({ type: 'acknowledgement', block }, offer.port);
      const { packet } = await receiveOne();
      if (packet.type !== 'data') throw new Error(packet.type);
      expect(packet.block).toBe(block + 1);
      got.push(Buffer.from(packet.data));
    }
    expect(got.map((data) => data.length)).toEqual([650, 650, 0]);
    expect(Buffer.concat(got)).toEqual(kernel);
    send({ type: 'acknowledgement', block: 3 }, offer.port);
    await until(() => reports.length === 1);
    expect(reports[0]).toMatchObject({ path: 'kernel', outcome: 'done', bytes: 1300 });
  });

  test('a doubled acknowledgement brings nothing; silence brings the block again', async () => {
    send(request('kernel'), server.port);
    const first = await receiveOne();
    send({ type: 'acknowledgement', block: 1 }, first.port);
    expect((await receiveOne()).packet).toMatchObject({ block: 2 });
    send({ type: 'acknowledgement', block: 1 }, first.port);
    send({ type: 'acknowledgement', block: 0 }, first.port);
    send({ type: 'acknowledgement', block: 2 }, first.port);
    expect((await receiveOne()).packet).toMatchObject({ block: 3 });
    expect(inbox).toEqual([]);
    clock.pass(5_000);
    expect((await receiveOne()).packet).toMatchObject({ block: 3 });
  });

  test('a silent client is asked after 1, 2 and 4 s and then given up', async () => {
    send(request('kernel'), server.port);
    await receiveOne();
    for (const wait of [1_000, 2_000]) {
      expect(clock.pass(wait - 1)).toBe(0);
      clock.pass(wait);
      expect((await receiveOne()).packet).toMatchObject({ type: 'data', block: 1 });
    }
    clock.pass(4_000);
    expect((await receiveOne()).packet).toMatchObject({ type: 'error', code: 0 });
    await until(() => reports.length === 1);
    expect(reports[0]).toMatchObject({ outcome: 'timeout', bytes: 0 });
    await until(() => server.active() === 0);
  });

  test('the wait a client asks for holds until a round trip is measured, and bounds the waits after that', async () => {
    send(request('kernel', ['timeout', '3']), server.port);
    const offer = await receiveOne();
    expect(clock.pass(2_999)).toBe(0);
    send({ type: 'acknowledgement', block: 0 }, offer.port);
    await receiveOne();
    clock.pass(200);
    expect((await receiveOne()).packet).toMatchObject({ block: 1 });
  });

  test('a lost block of a window is sent again from there', async () => {
    send(request('kernel', ['blksize', '100'], ['windowsize', '4']), server.port);
    const offer = await receiveOne();
    send({ type: 'acknowledgement', block: 0 }, offer.port);
    const blocks = async () => (await receive(4)).map(({ packet }) => (packet.type === 'data' ? packet.block : packet));
    expect(await blocks()).toEqual([1, 2, 3, 4]);
    send({ type: 'acknowledgement', block: 2 }, offer.port);
    expect(await blocks()).toEqual([3, 4, 5, 6]);
  });

  test('a request sent twice is one transfer; another request from the port replaces it', async () => {
    send(request('kernel'), server.port);
    const first = await receiveOne();
    send(request('kernel'), server.port);
    send(request('kernel', ['tsize', '0']), server.port);
    const second = await receiveOne();
    expect(second.packet.type).toBe('option-acknowledgement');
    expect(second.port).not.toBe(first.port);
    await until(() => reports.length === 1);
    expect(reports[0]?.outcome).toBe('aborted');
    expect(server.active()).toBe(1);
  });

  test("a size probe's ERROR 8 ends the transfer as refused", async () => {
    send(request('kernel', ['tsize', '0']), server.port);
    const offer = await receiveOne();
    send({ type: 'error', code: 8, message: 'User aborted the transfer' }, offer.port);
    await until(() => reports.length === 1);
    expect(reports[0]).toMatchObject({ outcome: 'refused', bytes: 0 });
  });

  test("another port's packet is told off and disturbs nothing", async () => {
    send(request('kernel'), server.port);
    const first = await receiveOne();
    const stranger = await newClient();
    send({ type: 'acknowledgement', block: 1 }, first.port, stranger);
    await receive(1, stranger).then(([told]) => expect(told?.packet).toMatchObject({ type: 'error', code: 5 }));
    stranger.close();
    send({ type: 'acknowledgement', block: 1 }, first.port);
    expect((await receiveOne()).packet).toMatchObject({ type: 'data', block: 2 });
  });
});

describe('refusals', () => {
  test('a missing file is code 1 at once, a write code 2, a failing source code 0', async () => {
    send(request('nothing'), server.port);
    expect((await receiveOne()).packet).toMatchObject({ type: 'error', code: 1 });
    send({ type: 'write-request', fileName: 'kernel', mode: 'octet', options: [] }, server.port);
    expect((await receiveOne()).packet).toMatchObject({ type: 'error', code: 2 });
    send(request('broken'), server.port);
    expect((await receiveOne()).packet).toMatchObject({ type: 'error', code: 0 });
  });

  test('one address may have so many transfers and no more', async () => {
    const sockets = [client, await newClient(), await newClient(), await newClient()];
    for (const socket of sockets.slice(0, 3)) send(request('kernel'), server.port, socket);
    await until(() => inbox.length === 3);
    inbox.length = 0;
    send(request('kernel'), server.port, sockets[3]);
    await until(() => inbox.length === 1);
    expect(inbox[0]?.packet).toMatchObject({ type: 'error', message: 'Too many transfers at once' });
    for (const socket of sockets.slice(1)) socket.close();
  });

  test('a path that climbs is not even asked for', async () => {
    send(request('../kernel'), server.port);
    expect((await receiveOne()).packet).toMatchObject({ type: 'error', code: 1 });
    expect(asked).toEqual([]);
  });
});

test.each([
  ['kernel', 'kernel'],
  ['/kernel', 'kernel'],
  ['//boot//.\\kernel', 'boot/kernel'],
  ['\\Boot\\BCD', 'Boot/BCD'],
  ['C:\\..\\x', undefined],
  ['a/../b', undefined],
  ['a\0b', undefined],
  ['a\nb', undefined],
  ['/', undefined],
  ['', undefined],
  ['x'.repeat(256), undefined],
])('path %j is %j', (raw, path) => expect(normaliseTftpPath(raw)).toBe(path));

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not happen in 5 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
