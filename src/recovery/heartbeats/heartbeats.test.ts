import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstBoot, type HeartbeatsBench, openHeartbeatsBench } from './testing/heartbeats-bench.ts';

const here = '10.0.0.11';
let bench: HeartbeatsBench;
let machine: string;
beforeEach(async () => {
  bench = await openHeartbeatsBench();
  machine = await bench.addMachine(here);
});
afterEach(() => bench.close());

describe('an agent', () => {
  it('enrols and is heard', async () => {
    const heard: string[] = [];
    bench.heartbeats.onHeard((id) => heard.push(id));
    const enrolled = await bench.post('enrol', { address: here, body: { bootId: firstBoot, version: '1' } });
    expect(enrolled).toMatchObject({ status: 200, body: { intervalMs: 10_000 } });
    const token = String(enrolled.body['token']);
    expect(await bench.beat(here, token, 1)).toEqual({ status: 200, body: { intervalMs: 10_000 } });
    expect(heard).toEqual([machine, machine]);
    expect(await bench.events('machine.agent-enrolled')).toMatchObject([
      { subject: { kind: 'machine', id: machine }, data: { bootId: firstBoot, address: here } },
    ]);
    expect(JSON.stringify(await bench.rows())).not.toContain(token);
  });
});
