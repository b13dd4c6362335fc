/** Heartbeats on PostgreSQL, where columns have other types and transactions other connections. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../../store/testing/postgres.ts';
import { firstBoot, openHeartbeatsBench, secondBoot } from './testing/heartbeats-bench.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

test('agents enrol, are heard, are written down and found again', async () => {
  const bench = await openHeartbeatsBench({ database: { kind: 'postgres', url: await server.createDatabase() } });
  const [here, elsewhere] = ['10.0.0.11', '10.0.0.12'];
  const machine = await bench.addMachine(here);
  const other = await bench.addMachine(elsewhere);
  const older = await bench.enrol(here);
  const token = await bench.enrol(here, secondBoot);
  await bench.enrol(elsewhere);
  expect(await bench.beat(here, older, 1)).toMatchObject({ status: 401 });
  expect(await bench.beat(here, token, 1)).toMatchObject({ status: 200 });
  await bench.pass(1000);
  expect(await bench.rows()).toMatchObject([
    { machine_id: machine, last_sequence: 1, boot_id: secondBoot, stopping_at: null },
    { machine_id: other, last_sequence: 0, boot_id: firstBoot },
  ]);
  expect(await bench.beat(here, token, 2, { stopping: true })).toMatchObject({ status: 200 });
  await bench.beginDeployment(other);
  await bench.restart('stopped');
  expect(bench.heartbeats.watched()).toMatchObject([{ machineId: machine, stopping: true, bootId: secondBoot }]);
  expect(await bench.heartbeats.agentOf(machine)).toMatchObject({ sequence: 2, address: here });
  await bench.move(machine, 'quarantined');
  // It is told by the history, which PostgreSQL hands on when it likes.
  await expect.poll(() => bench.rows(), { timeout: 10_000 }).toMatchObject([{ machine_id: other }]);
  expect(bench.errors).toMatchObject([{ code: 'unauthorised' }]);
  await bench.close();
});
