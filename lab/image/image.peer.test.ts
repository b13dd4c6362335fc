import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMachine } from '../../ramdisk/testing/test-machine.ts';
import { buildAll, labImage, sha256, virtioDisk, within } from '../../ramdisk/testing/test-rig.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lab-image-'));
  await buildAll();
}, 300_000);
afterAll(() => rm(directory, { recursive: true }));

test('the same inputs give the same image, and its digest stands beside it', async () => {
  const again = path.join(directory, 'again');
  await promisify(execFile)(process.execPath, [path.join(import.meta.dirname, 'build.ts'), '--output', again]);
  const digest = sha256(await readFile(labImage));
  expect(sha256(await readFile(path.join(again, 'lab-os.raw')))).toBe(digest);
  expect(await readFile(`${labImage}.sha256`, 'utf8')).toBe(`${digest}  lab-os.raw\n`);
}, 120_000);

test('the installed system takes its host name from DHCP, leaves the disk as written, and obeys the power button', async () => {
  const disk = path.join(directory, 'disk');
  const control = path.join(directory, 'control');
  await copyFile(labImage, disk);
  const network = '-netdev user,id=net0,hostname=lab-7 -device virtio-net-pci,netdev=net0,romfile='.split(' ');
  const machine = startMachine([...network, ...virtioDisk(disk, 'D'), '-qmp', `unix:${control},server=on,wait=off`]);
  try {
    const { match } = await machine.says(/ATHANOR-LAB-OS up (\S+) hostname=(\S*) root=(\S+)/, within(60));
    expect(match.slice(2)).toEqual(['lab-7', 'ok']);
    await machine.says(/Enter 'help'/, within(20));
    const qmp = createConnection(control);
    await once(qmp, 'connect');
    qmp.write('{"execute":"qmp_capabilities"}{"execute":"system_powerdown"}');
    await machine.ends(within(20));
    qmp.destroy();
    expect(sha256(await readFile(disk))).toBe(sha256(await readFile(labImage)));
  } finally {
    await machine.kill();
  }
}, 120_000);
