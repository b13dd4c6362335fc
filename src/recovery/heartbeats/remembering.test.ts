/** What is written down, and what holds after a restart and after a machine changed its state. */
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { firstBoot, type HeartbeatsBench, openHeartbeatsBench, secondBoot } from './testing/heartbeats-bench.ts';

const here = '10.0.0.11';
let bench: HeartbeatsBench;
let machine: string;
beforeEach(async () => {
  bench = await openHeartbeatsBench();
  machine = await bench.addMachine(here);
});
afterEach(() => bench.close());

const watched = () => bench.heartbeats.watched();

describe('what was heard', () => {
  it('is written down within a second, and before the end', async () => {
    const token = await bench.enrol(here);
    await bench.beat(here, token, 1);
    expect(await bench.rows()).toMatchObject([{ last_sequence: 0 }]);
    await bench.pass(1000);
    expect(await bench.rows()).toMatchObject([{ last_sequence: 1 }]);
    await bench.beat(here, token, 2);
    await bench.heartbeats.stop();
    expect(await bench.rows()).toMatchObject([{ last_sequence: 2, last_heard_at: 1_800_000_001_000 }]);
  });

  it('is written for as many machines as there are', async () => {
    const addresses = Array.from({ length: 600 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
    for (const address of addresses) {
      await bench.addMachine(address);
      await bench.beat(address, await bench.enrol(address), 8);
    }
    await bench.pass(1000);
    const rows = await bench.rows();
    expect(rows).toHaveLength(600);
    expect(new Set(rows.map((row) => row.last_sequence))).toEqual(new Set([8]));
  });

  it('does not go into the row of a newer enrolment, nor make one that is gone', async () => {
    const token = await bench.enrol(here);
    await bench.beat(here, token, 9);
    await bench.enrol(here, secondBoot);
    await bench.pass(1000);
    expect(await bench.rows()).toMatchObject([{ boot_id: secondBoot, last_sequence: 0 }]);
    await bench.beat(here, await bench.enrol(here), 1);
    await bench.heartbeats.forget(machine);
    await bench.pass(1000);
    expect(await bench.rows()).toEqual([]);
  });

  it('is kept for later when the database fails', async () => {
    const token = await bench.enrol(here);
    await bench.beat(here, token, 3, { stopping: false });
    const { transaction } = bench.store;
    Object.assign(bench.store, { transaction: () => Promise.reject(new Error('no space left')) });
    const passing = bench.pass(1000);
    await expect(passing).rejects.toThrow('no space left');
    Object.assign(bench.store, { transaction });
    expect(bench.errors).toMatchObject([{ message: 'no space left' }]);
    await bench.pass(1000);
    expect(await bench.rows()).toMatchObject([{ last_sequence: 3 }]);
  });
});

describe('after a restart', () => {
  it('the token holds, and silence counts from the start: our own absence accuses nobody', async () => {
    const token = await bench.enrol(here);
    await bench.beat(here, token, 4);
    await bench.pass(1000);
    bench.jump(3_600_000);
    await bench.restart('killed');
    expect(watched()).toMatchObject([{ machineId: machine, silentForMs: 0, bootId: firstBoot }]);
    expect(bench.heartbeats.lastBeat(machine)).toMatchObject({ heardSinceStart: false });
    await bench.pass(3000);
    bench.heartbeats.listening();
    await bench.pass(29_000);
    expect(watched()).toMatchObject([{ silentForMs: 29_000, missedAfterMs: 30_000 }]);
    expect(await bench.beat(here, token, 4)).toMatchObject({ status: 409 });
    expect(await bench.beat(here, token, 5)).toMatchObject({ status: 200 });
    expect(bench.heartbeats.lastBeat(machine)).toMatchObject({ heardSinceStart: true, silentForMs: 0 });
  });

  it('a farewell still holds', async () => {
    const token = await bench.enrol(here);
    await bench.beat(here, token, 1, { stopping: true });
    await bench.restart('killed');
    expect(watched()).toMatchObject([{ stopping: true, missedAfterMs: 600_000 }]);
    await bench.beat(here, token, 2, { stopping: true });
    expect(await bench.events('machine.agent-stopping')).toHaveLength(1);
  });

  it('machines on which no agent may run are not listened for', async () => {
    const token = await bench.enrol(here);
    await bench.restart('stopped');
    await bench.setState(machine, 'quarantined');
    await bench.restart('stopped');
    expect(watched()).toEqual([]);
    expect(await bench.beat(here, token, 1)).toMatchObject({ status: 401 });
  });
});

describe('a machine that changes its state', () => {
  it.each(['quarantined', 'retired', 'releasing'] as const)('and is %s is not heard any more', async (state) => {
    const token = await bench.enrol(here);
    await bench.move(machine, state);
    expect(await bench.beat(here, token, 1)).toMatchObject({ status: 401 });
    expect(watched()).toEqual([]);
    expect(await bench.rows()).toEqual([]);
  });

  it('is forgotten as soon as the database is back, when that was away', async () => {
    await bench.enrol(here);
    await sql`alter table agents rename to agents_away`.execute(bench.store.db);
    await bench.move(machine, 'retired');
    await vi.waitFor(() => expect(bench.errors).toHaveLength(1));
    await sql`alter table agents_away rename to agents`.execute(bench.store.db);
    await vi.waitFor(async () => expect(await bench.rows()).toEqual([]), { timeout: 10_000 });
    expect(watched()).toEqual([]);
  });

  it.each(['recovering', 'failed', 'active'] as const)('and is %s stays watched', async (state) => {
    const token = await bench.enrol(here);
    await bench.move(machine, state);
    expect(await bench.beat(here, token, 1)).toMatchObject({ status: 200 });
    expect(watched()).toHaveLength(1);
  });

  it('and is deployed anew is watched again only when the new system enrols', async () => {
    await bench.enrol(here);
    await bench.beginDeployment(machine);
    expect(watched()).toEqual([]);
    // The old system's agent, restarted just before the power goes.
    await bench.enrol(here);
    expect(watched()).toEqual([]);
    await bench.pass(600_000);
    await bench.move(machine, 'active');
    expect(watched()).toEqual([]);
    await bench.enrol(here, secondBoot);
    expect(watched()).toMatchObject([{ machineId: machine, bootId: secondBoot }]);
  });

  it('and is deployed anew while this process ends is not accused after the restart', async () => {
    await bench.enrol(here);
    await bench.pass(1000);
    await bench.beginDeployment(machine);
    await bench.move(machine, 'active');
    await bench.restart('killed');
    expect(watched()).toEqual([]);
    await bench.enrol(here, secondBoot);
    await bench.restart('killed');
    expect(watched()).toMatchObject([{ bootId: secondBoot }]);
  });
});
