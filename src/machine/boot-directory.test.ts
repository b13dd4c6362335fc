import { expect, it } from 'vitest';
import { createBootDirectory } from './index.ts';
import { moveMachine } from './transition.ts';
import { recordClaims } from '../discovery/index.ts';
import { hardware, type Rack, useRacks } from './testing/use-bench.ts';

const rack = useRacks();
const { mac } = hardware;

async function move({ bench, machineId }: Rack, to: 'retired' | 'active'): Promise<void> {
  await bench.store.transaction(
    async (trx) =>
      await moveMachine(bench.store, trx, bench.now(), { machineId, to, operationId: null, reason: 'a test' }),
  );
}

it('derives the same entries anew after a restart', async () => {
  const { bench } = await rack({ machine: { state: 'active' } });
  const directory = createBootDirectory(bench.store);
  expect(directory.find(mac)).toBeUndefined();
  await directory.load();
  expect(directory.find(mac)).toEqual(bench.directory.find(mac));
  expect(directory.find(mac)?.netboot).toBe('local-disk');
});

it('misses no change between loading and following', async () => {
  const opened = await rack();
  const directory = createBootDirectory(opened.bench.store);
  await directory.load();
  await move(opened, 'retired');
  const stop = new AbortController();
  const changed = Promise.withResolvers<string>();
  const following = directory.follow(stop.signal, changed.resolve);
  expect(await changed.promise).toBe(opened.machineId);
  expect(directory.find(mac)?.netboot).toBe('silent');
  stop.abort();
  await following.catch(() => undefined);
});

it('drops an older answer that comes after a newer one', async () => {
  const opened = await rack({ machine: { state: 'deploying' } });
  const { bench, machineId } = opened;
  const directory = createBootDirectory(bench.store);
  // In `deploying` there is one more thing to look up, so the refresh that began before the move ends after the other.
  const older = directory.refresh(machineId);
  const moving = move(opened, 'active');
  const newer = directory.refresh(machineId);
  await Promise.all([older, moving, newer]);
  expect(directory.find(mac)?.netboot).toBe('local-disk');
});

it('leaves a MAC with the machine that claimed it first', async () => {
  const { bench, machineId } = await rack({ machine: { state: 'active' } });
  bench.skip(10);
  const twin = await bench.addMachine({ state: 'free', mac: '52:54:00:00:00:02' });
  await bench.store.transaction(async (trx) => {
    const options = { source: 'ramdisk', now: bench.now() };
    await recordClaims(bench.store, trx, twin, [{ kind: 'mac', value: mac }], options);
  });
  await bench.directory.refresh(twin);
  expect(bench.directory.find(mac)).toMatchObject({ machineId, netboot: 'local-disk' });
  expect(bench.directory.find('52:54:00:00:00:02')).toMatchObject({ machineId: twin, netboot: 'ramdisk' });
});
