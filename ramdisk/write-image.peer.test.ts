import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeAll, expect, test } from 'vitest';
import type { Recorded } from './testing/protocol-server.ts';
import { type TestMachine, startMachine } from './testing/test-machine.ts';
import {
  type Rig,
  buildAll,
  card,
  labImage,
  makeRig,
  sha256,
  uefi,
  virtioDisk,
  within,
  writeTask,
} from './testing/test-rig.ts';

const mebibyte = 2 ** 20;
const image = randomBytes(16 * mebibyte);

let rig: Rig | undefined;
beforeAll(buildAll, 300_000);
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function firstBytes(file: string, length: number): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const bytes = Buffer.alloc(length);
    await handle.read(bytes, 0, length, 0);
    return bytes;
  } finally {
    await handle.close();
  }
}

/** Boots with one disk of this size. */
async function bootWithDisk(on: Rig, mebibytes: number): Promise<string> {
  const disk = await on.emptyDisk('disk', mebibytes);
  await on.boot({ devices: [...card(), ...virtioDisk(disk, 'TARGET')] });
  return disk;
}

const ranges = (requests: Recorded[]): (string | undefined)[] =>
  requests.filter(({ path: asked }) => asked === '/ramdisk/v1/image').map(({ range }) => range);

const phasesTold = (requests: Recorded[]): unknown[] =>
  requests.filter(({ path: asked }) => asked.endsWith('/progress')).map(({ body }) => body['phase']);

const isWritten = (length: number, digest: string): Record<string, unknown> => ({
  task: 'write-image',
  disk: '/dev/vda',
  diskSerial: 'TARGET',
  bytes: length,
  sha256ReadBack: digest,
});

function writePart(response: ServerResponse, part: Buffer): Promise<void> {
  return new Promise((resolve) => response.write(part, () => resolve()));
}

test('writes the lab image byte for byte, and the disk starts by BIOS and by UEFI', async () => {
  const content = await readFile(labImage);
  rig = await makeRig({ image: content, task: writeTask(content) });
  const disk = await bootWithDisk(rig, 96);
  const { body } = await rig.server.received('/complete', within(90));
  const digest = sha256(content);
  expect(body).toEqual(isWritten(content.length, digest));
  await rig.machine().ends(within(20));
  expect(sha256(await firstBytes(disk, content.length))).toBe(digest);

  const phases = rig.server.requests
    .filter(({ path: asked }) => asked.endsWith('/progress'))
    .map(({ body: told }) => told);
  expect(phases).toContainEqual({
    task: 'write-image',
    phase: 'syncing',
    bytes: content.length,
    bytesTotal: content.length,
  });
  expect(phases[0]).toEqual({ task: 'write-image', phase: 'writing', bytes: 0, bytesTotal: content.length });

  for (const firmware of [[], await uefi(rig.directory)]) {
    const machine: TestMachine = startMachine([...firmware, ...card(), ...virtioDisk(disk, 'TARGET')]);
    try {
      const { match } = await machine.says(/ATHANOR-LAB-OS up (\S+) hostname=\S* root=(\w+)/, within(60));
      expect(match[1]).toMatch(/^lab-os-[0-9a-f]{12}$/);
      expect(match[2]).toBe('ok');
    } finally {
      await machine.kill();
    }
  }
}, 240_000);

test('an image that ends inside a sector is whole on the disk, on the disk named by its serial number', async () => {
  const odd = image.subarray(0, 3 * mebibyte + 1000);
  rig = await makeRig({ image: odd, task: writeTask(odd, { disk: 'SECOND' }) });
  const first = await rig.emptyDisk('first', 32);
  const second = await rig.emptyDisk('second', 64);
  await rig.boot({ devices: [...card(), ...virtioDisk(first, 'FIRST'), ...virtioDisk(second, 'SECOND', 1)] });
  const { body } = await rig.server.received('/complete', within(60));
  expect(body).toMatchObject({
    disk: '/dev/vdb',
    diskSerial: 'SECOND',
    bytes: odd.length,
    sha256ReadBack: sha256(odd),
  });
  expect((await firstBytes(second, odd.length)).equals(odd)).toBe(true);
  expect((await firstBytes(first, 32 * mebibyte)).every((byte) => byte === 0)).toBe(true);
}, 90_000);

test('an image with another digest is told, with both digests, after a second look at it', async () => {
  const expected = 'ab'.repeat(32);
  rig = await makeRig({ image, task: writeTask(image, { sha256: expected }) });
  await bootWithDisk(rig, 32);
  const { body } = await rig.server.received('/failed', within(60));
  expect(body).toMatchObject({ task: 'write-image', step: 'verify-download', code: 'digest-mismatch' });
  expect(body['message']).toContain(expected);
  expect(body['message']).toContain(sha256(image));
  await rig.machine().says(/ATHANOR: write-image failed at verify-download: digest-mismatch/, within(10));
  expect(ranges(rig.server.requests)).toEqual([undefined, undefined]);
  expect(rig.server.requests.some(({ path: asked }) => asked.endsWith('/complete'))).toBe(false);
}, 90_000);

test.each([
  { what: 'longer', declared: image.length - mebibyte },
  { what: 'shorter', declared: image.length + mebibyte },
])(
  'a body that is $what than declared is refused before anything is written or read back',
  async ({ declared }) => {
    rig = await makeRig({ image, task: writeTask(image, { sizeBytes: declared }) });
    const file = await bootWithDisk(rig, 32);
    const { body } = await rig.server.received('/failed', within(60));
    expect(body).toMatchObject({ step: 'download', code: 'image-changed' });
    expect(body['message']).toContain(`status 200 of length ${image.length}`);
    expect(phasesTold(rig.server.requests)).not.toContain('reading-back');
    expect((await readFile(file)).every((byte) => byte === 0)).toBe(true);
  },
  90_000,
);

test('a download spoilt on its way is told as such when the second one is spoilt too, and only the first was written', async () => {
  const spoilt = [5 * mebibyte, 7 * mebibyte].map((place) => {
    const content = Buffer.from(image);
    content[place] = (content[place] ?? 0) ^ 1;
    return content;
  });
  let downloads = 0;
  rig = await makeRig({
    image,
    task: writeTask(image),
    sendImage: async (response) => void response.end(spoilt[downloads++]),
  });
  const disk = await bootWithDisk(rig, 32);
  const { body } = await rig.server.received('/failed', within(60));
  expect(body).toMatchObject({ step: 'verify-download', code: 'digest-mismatch' });
  for (const content of [image, ...spoilt]) expect(body['message']).toContain(sha256(content));
  expect(sha256(await firstBytes(disk, image.length))).toBe(sha256(spoilt[0] ?? image));
  expect(phasesTold(rig.server.requests)).toContain('fetching-again');
}, 90_000);

test('a server that has lost the image before the second look does not hide that the disk is wrong', async () => {
  let downloads = 0;
  rig = await makeRig({
    image,
    task: writeTask(image, { sha256: 'ab'.repeat(32) }),
    intercept: ({ path: asked }) =>
      asked === '/ramdisk/v1/image' && ++downloads > 1
        ? { status: 404, body: { code: 'not-found', detail: 'gone meanwhile' } }
        : undefined,
  });
  await bootWithDisk(rig, 32);
  const { body } = await rig.server.received('/failed', within(60));
  expect(body).toMatchObject({ step: 'verify-disk', code: 'read-back-mismatch' });
  expect(body['message']).toContain(sha256(image));
  expect(body['message']).toContain('gone meanwhile');
}, 90_000);

test.each([
  { disk: 'auto', code: 'no-suitable-disk', says: '/dev/vda 8 MB' },
  { disk: '/dev/vda', code: 'disk-too-small', says: `${8 * mebibyte} bytes` },
  { disk: 'NO-SUCH', code: 'disk-not-found', says: "'NO-SUCH'" },
])(
  'disk $disk that cannot hold the image: $code, and not a byte is written or fetched',
  async ({ disk, code, says }) => {
    rig = await makeRig({ image, task: writeTask(image, { disk }) });
    const file = await bootWithDisk(rig, 8);
    const { body } = await rig.server.received('/failed', within(60));
    expect(body).toMatchObject({ step: 'choose-disk', code });
    expect(body['message']).toContain(says);
    expect(ranges(rig.server.requests)).toEqual([]);
    expect((await readFile(file)).every((byte) => byte === 0)).toBe(true);
  },
  90_000,
);

test('a broken connection, and then a server that is away, are overcome by asking for the rest', async () => {
  const breaks = [5 * mebibyte, 9 * mebibyte + 12345];
  let downloads = 0;
  rig = await makeRig({
    image,
    task: writeTask(image),
    sendImage: async (response, content, start) => {
      const stop = breaks[downloads++];
      if (stop === undefined) {
        response.end(content.subarray(start));
        return;
      }
      await writePart(response, content.subarray(start, stop));
      if (downloads === 1) response.destroy();
      else {
        await rig?.server.goDown();
        setTimeout(() => void rig?.server.comeBack(), 4000);
      }
    },
  });
  const disk = await bootWithDisk(rig, 32);
  const { body } = await rig.server.received('/complete', within(80));
  expect(body).toEqual(isWritten(image.length, sha256(image)));
  expect((await firstBytes(disk, image.length)).equals(image)).toBe(true);
  const [whole, ...rests] = ranges(rig.server.requests);
  expect(whole).toBeUndefined();
  expect(rests).toHaveLength(2);
  for (const [index, rest] of rests.entries()) {
    const start = Number(/^bytes=(\d+)-$/.exec(rest ?? '')?.[1]);
    expect(start).toBeGreaterThan(0);
    expect(start).toBeLessThanOrEqual(breaks[index] ?? 0);
  }
  expect(rig.machine().output()).toMatch(/ATHANOR: download broken at \d+ of \d+/);
}, 120_000);

test('an image that is not there fails at once', async () => {
  rig = await makeRig({
    task: writeTask(image),
    intercept: ({ path: asked }) =>
      asked === '/ramdisk/v1/image' ? { status: 404, body: { code: 'not-found', detail: 'no such image' } } : undefined,
  });
  await bootWithDisk(rig, 32);
  const { body } = await rig.server.received('/failed', within(60));
  expect(body).toMatchObject({ step: 'download', code: 'image-unavailable' });
  expect(body['message']).toContain('no such image');
  expect(ranges(rig.server.requests)).toHaveLength(1);
}, 90_000);

test('when the server says that the attempt is over, writing stops at once', async () => {
  const before = 4 * mebibyte;
  const refused = Promise.withResolvers<void>();
  rig = await makeRig({
    image,
    task: writeTask(image),
    intercept: ({ path: asked, body }) => {
      if (!asked.endsWith('/progress') || Number(body['bytes']) < before) return undefined;
      refused.resolve();
      return { status: 409, body: { code: 'attempt-superseded', detail: 'a newer attempt runs' } };
    },
    sendImage: async (response, content) => {
      await writePart(response, content.subarray(0, before));
      await refused.promise;
      response.on('error', () => undefined);
    },
  });
  const disk = await bootWithDisk(rig, 32);
  await rig.machine().says(/ATHANOR: this attempt is over: status 409 attempt-superseded[^\n]*idles/, within(60));
  const written = await firstBytes(disk, 32 * mebibyte);
  expect(written.subarray(0, before).equals(image.subarray(0, before))).toBe(true);
  expect(written.subarray(before).every((byte) => byte === 0)).toBe(true);
  expect(rig.server.requests.some(({ path: asked }) => /complete|failed/.test(asked))).toBe(false);
}, 90_000);

test("a disk's write error is told with its place and errno", async () => {
  rig = await makeRig({ image, task: writeTask(image) });
  const file = await rig.emptyDisk('disk', 32);
  const faulty =
    'driver=blkdebug,node-name=drive0,image.driver=file,' +
    `image.filename=${file},inject-error.0.event=none,inject-error.0.iotype=write,inject-error.0.errno=5,inject-error.0.sector=${(6 * mebibyte) / 512}`;
  await rig.boot({
    devices: [...card(), '-blockdev', faulty, '-device', 'virtio-blk-pci,drive=drive0,serial=BAD,werror=report'],
  });
  const { body } = await rig.server.received('/failed', within(60));
  expect(body).toMatchObject({ step: 'write', code: 'write-failed' });
  expect(body['message']).toMatch(new RegExp(`at ${6 * mebibyte} to /dev/vda failed: .*\\(EIO\\)`));
}, 90_000);

test('a disk that gives back other bytes than it took is found out', async () => {
  rig = await makeRig({
    image,
    task: writeTask(image),
    intercept: async ({ path: asked, body }) => {
      if (!asked.endsWith('/progress') || body['phase'] !== 'reading-back') return undefined;
      const handle = await open(path.join(rig?.directory ?? '', 'disk'), 'r+');
      await handle.write(Buffer.from([(image.at(-1) ?? 0) ^ 1]), 0, 1, image.length - 1);
      await handle.close();
      return undefined;
    },
  });
  // Slow enough to read that the last block is spoilt before its turn comes.
  const file = await rig.emptyDisk('disk', 32);
  await rig.boot({ devices: [...card(), ...virtioDisk(file, 'LIAR', 0, `,throttling.bps-read=${4 * mebibyte}`)] });
  const { body } = await rig.server.received('/failed', within(70));
  expect(body).toMatchObject({ step: 'verify-disk', code: 'read-back-mismatch' });
  expect(body['message']).toContain(sha256(image));
  expect(body['message']).toContain('fetched again the image is right');
  expect(ranges(rig.server.requests)).toEqual([undefined, undefined]);
}, 120_000);
