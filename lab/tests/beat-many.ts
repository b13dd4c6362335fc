/**
 * Agents of many machines in one process: run in the control namespace, orders on standard input, one line of JSON.
 * Prints `heard` once the server answered each machine's beat; goes on until it is killed.
 */
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';

export const beatOrders = z.object({
  url: z.string(),
  intervalMs: z.number(),
  firstSequence: z.number(),
  tokens: z.array(z.string()),
});
export type BeatOrders = z.infer<typeof beatOrders>;

async function beat(token: string, index: number, orders: BeatOrders, onHeard: (token: string) => void): Promise<void> {
  // Machines do not beat in step: their beats are spread over the interval.
  await pause((orders.intervalMs * index) / orders.tokens.length);
  for (let sequence = orders.firstSequence; ; sequence += 1) {
    const begun = performance.now();
    const answer = await fetch(`${orders.url}/agent/v1/heartbeat`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ sequence, uptimeMs: Math.round(begun) }),
    }).catch(() => undefined);
    if (answer !== undefined) {
      const said = await answer.text();
      if (answer.status !== 200) throw new Error(`a beat was answered with ${answer.status}: ${said}`);
      onHeard(token);
    }
    await pause(Math.max(0, orders.intervalMs - (performance.now() - begun)));
  }
}

if (import.meta.main) {
  const orders = beatOrders.parse(JSON.parse(await text(process.stdin)));
  const silent = new Set(orders.tokens);
  await Promise.all(
    orders.tokens.map((token, index) =>
      beat(token, index, orders, (heard) => {
        if (silent.delete(heard) && silent.size === 0) process.stdout.write('heard\n');
      }),
    ),
  );
}
