import { describe, expect, it } from 'vitest';
import { attemptProgress, attemptResult, type IdentifiedAttempt } from './index.ts';
import { address, completion, failureOfDisk, mac, progressOf, useInstallBench } from './testing/install-bench.ts';

const bench = useInstallBench();

async function begun(): Promise<{ machineId: string; operationId: string; ticket: string }> {
  const machineId = await bench.addMachine();
  const operationId = await bench.addOperation(machineId);
  const { ticket } = await bench.attempts().begin({ machineId, mac, address, operationId });
  return { machineId, operationId, ticket };
}

describe('a boot attempt', () => {
  it('gives a token for its ticket once, and only to its own address', async () => {
    const { ticket, machineId } = await begun();
    const attempts = bench.attempts();
    await expect(attempts.exchange(ticket, '10.0.0.66')).rejects.toMatchObject({ code: 'unauthorised' });
    await expect(attempts.exchange('x'.repeat(43), address)).rejects.toMatchObject({ code: 'unauthorised' });
    const { token, attempt } = await attempts.exchange(ticket, address);
    expect(attempt).toMatchObject({ machineId, number: 1, mac, address });
    // The answer was lost on the way: until the token is used, the same machine is given the same one.
    expect(await attempts.exchange(ticket, address)).toEqual({ token, attempt });
    await expect(attempts.exchange(ticket, '10.0.0.66')).rejects.toMatchObject({ code: 'unauthorised' });
    expect(await attempts.authenticate(token, address)).toEqual(attempt);
    await expect(attempts.exchange(ticket, address)).rejects.toMatchObject({
      code: 'unauthorised',
      message: expect.stringContaining('exchanged before'),
    });
    await expect(attempts.authenticate(token, '10.0.0.66')).rejects.toMatchObject({ code: 'unauthorised' });
    await expect(attempts.authenticate(ticket, address)).rejects.toMatchObject({ code: 'unauthorised' });
  });

  it('gives all who come at once with the same ticket one token, and tells of it once', async () => {
    const { ticket } = await begun();
    const asked = await Promise.all([1, 2, 3].map(async () => await bench.attempts().exchange(ticket, address)));
    expect(new Set(asked.map(({ token }) => token)).size).toBe(1);
    expect(await bench.store().events.listEvents({ after: 0, limit: 10 })).toHaveLength(1);
  });

  it('leaves in the database and the history only hashes', async () => {
    const { ticket } = await begun();
    const { token } = await bench.attempts().exchange(ticket, address);
    const rows = await bench.store().db.selectFrom('boot_attempts').selectAll().execute();
    const events = await bench.store().events.listEvents({ after: 0, limit: 100 });
    const kept = JSON.stringify([rows, events]);
    expect(events.map(({ kind }) => kind)).toEqual(['machine.ramdisk-up']);
    for (const secret of [ticket, token]) {
      expect(kept).not.toContain(secret);
      expect(kept).not.toContain(Buffer.from(secret).toString('base64url'));
    }
    expect(rows[0]).toMatchObject({ ticket_hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('has a number of its own, also when many begin at once', async () => {
    const machineId = await bench.addMachine();
    const other = await bench.addMachine();
    const begin = async (id: string): Promise<number> =>
      (await bench.attempts().begin({ machineId: id, mac, address, operationId: null })).number;
    const numbers = await Promise.all([1, 2, 3, 4, 5].map(async () => await begin(machineId)));
    expect(new Set(numbers)).toEqual(new Set([1, 2, 3, 4, 5]));
    expect(await begin(other)).toBe(1);
    const states = (await bench.attemptsOf(machineId)).map(({ state }) => state);
    expect(states).toEqual([...Array.from({ length: 4 }, () => 'superseded'), 'ticketed']);
  });

  it('is over when a newer one begins, although its task had ended', async () => {
    const { ticket, machineId, operationId } = await begun();
    const attempts = bench.attempts();
    const { token, attempt } = await attempts.exchange(ticket, address);
    await attempts.recordResult(attempt, { outcome: 'failed', report: failureOfDisk });
    expect(await attempts.authenticate(token, address)).toEqual(attempt);
    await attempts.begin({ machineId, mac, address, operationId });
    await expect(attempts.authenticate(token, address)).rejects.toMatchObject({ code: 'outdated-attempt' });
  });

  it('is over when a newer one begins: its ticket, its token and its reports are outdated', async () => {
    const { ticket, machineId, operationId } = await begun();
    const attempts = bench.attempts();
    const second = await attempts.begin({ machineId, mac, address, operationId });
    const outdated = { code: 'outdated-attempt' };
    await expect(attempts.exchange(ticket, address)).rejects.toMatchObject(outdated);
    const { token, attempt } = await attempts.exchange(second.ticket, address);
    await attempts.begin({ machineId, mac, address, operationId });
    await expect(attempts.authenticate(token, address)).rejects.toMatchObject(outdated);
    await expect(attempts.recordProgress(attempt, progressOf(1))).rejects.toMatchObject(outdated);
    await expect(attempts.recordResult(attempt, { outcome: 'complete', report: completion })).rejects.toMatchObject(
      outdated,
    );
    expect(await attempts.newestOf(operationId)).toMatchObject({ number: 3, state: 'ticketed' });
  });
});

describe('what an attempt reports', () => {
  async function exchanged(): Promise<{ attempt: IdentifiedAttempt; operationId: string }> {
    const { ticket, operationId } = await begun();
    return { operationId, ...(await bench.attempts().exchange(ticket, address)) };
  }

  it('is kept, the end once: a repeated report changes nothing', async () => {
    const { attempt, operationId } = await exchanged();
    const attempts = bench.attempts();
    await attempts.recordProgress(attempt, progressOf(10));
    await attempts.recordProgress(attempt, progressOf(20));
    await attempts.recordResult(attempt, { outcome: 'complete', report: completion });
    const finished = await attempts.newestOf(operationId);
    expect(finished).toMatchObject({ state: 'finished' });
    bench.skip(5);
    await attempts.recordResult(attempt, { outcome: 'complete', report: completion });
    await attempts.recordResult(attempt, { outcome: 'failed', report: failureOfDisk });
    await attempts.recordProgress(attempt, progressOf(5));
    const after = await attempts.newestOf(operationId);
    expect(after).toEqual(finished);
    if (after === undefined) throw new Error('the attempt is gone');
    expect(attemptProgress(after)).toEqual(progressOf(20));
    expect(attemptResult(after)).toEqual({ outcome: 'complete', report: completion });
  });

  it.each(['succeeded', 'failed', 'aborted', 'abort requested'] as const)(
    'is outdated once its operation is %s',
    async (how) => {
      const { attempt, operationId } = await exchanged();
      await bench.attempts().recordProgress(attempt, progressOf(10));
      await bench.end(operationId, how);
      const outdated = { code: 'outdated-attempt' };
      const attempts = bench.attempts();
      await expect(attempts.recordProgress(attempt, progressOf(20))).rejects.toMatchObject(outdated);
      await expect(attempts.recordResult(attempt, { outcome: 'complete', report: completion })).rejects.toMatchObject(
        outdated,
      );
      const row = await attempts.newestOf(operationId);
      expect(row).toMatchObject({ state: 'exchanged', result: null, progress: expect.stringContaining('10') });
    },
  );
});
