/**
 * Writes down who was heard, a moment late and all machines in one transaction: thousands of beats a second must not be
 * thousands of writes.
 *
 * After a crash the stored sequence may be a second old. An agent's own beats of that second could then be heard again,
 * from its own address and with its own token; whoever has those could as well send new ones.
 */
import { asAthanorError, type AthanorError } from '../../errors/index.ts';
import type { Store } from '../../store/index.ts';
import { writeHeard } from './agent-table.ts';
import type { Agent } from './tracker.ts';

export interface HeardWriter {
  add(agent: Agent): void;
  /** Writes what was added; one write at a time, a slow database is not asked again before it answered. */
  write(): Promise<void>;
  /** Writes all that is left. */
  finish(): Promise<void>;
}

export function createHeardWriter(store: Store, onError: (error: AthanorError, what: string) => void): HeardWriter {
  let unwritten = new Set<Agent>();
  let writing: Promise<void> | undefined;

  async function writeUnwritten(): Promise<void> {
    const agents = unwritten;
    unwritten = new Set();
    try {
      await writeHeard(store, [...agents]);
    } catch (error) {
      for (const agent of agents) unwritten.add(agent);
      onError(asAthanorError(error), 'writing down who was heard');
    }
  }

  function write(): Promise<void> {
    if (writing === undefined && unwritten.size > 0)
      writing = writeUnwritten().finally(() => {
        writing = undefined;
      });
    return writing ?? Promise.resolve();
  }

  return {
    add: (agent) => void unwritten.add(agent),
    write,
    finish: async () => {
      // The one under way, then the rest.
      await write();
      await write();
    },
  };
}
