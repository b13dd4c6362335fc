import { AthanorError } from '../errors/index.ts';
import type { Row, Store } from '../store/index.ts';

/** A machine in the middle of an operation is not to be disturbed by hand: the operation's steps would be untrue. */
export async function requireNoOperation(store: Store, bmc: Row<'bmcs'>): Promise<void> {
  if (bmc.machine_id === null) return;
  const running = await store.db
    .selectFrom('operations')
    .select(['id', 'kind'])
    .where('machine_id', '=', bmc.machine_id)
    .where('state', 'in', ['queued', 'running'])
    .executeTakeFirst();
  if (running === undefined) return;
  throw new AthanorError('operation-running', `${running.kind} runs on the machine of BMC ${bmc.name}`, {
    field: 'bmc',
    value: bmc.name,
    remedy: `Wait for it, or run \`athanor operation abort ${running.id}\` first.`,
  });
}
