/**
 * A person opens a machine's serial console. What is typed there can disturb the machine as any change can, so that it is
 * refused while an operation has the machine (decision 6). The history tells who opened it, and how long it was open; never
 * what was typed or shown.
 */
import type { ControlPlane } from '../api/index.ts';
import { answerOf, closeSerialConsole, type SerialConsole } from '../bmc/index.ts';
import { AthanorError } from '../errors/index.ts';
import type { Site } from '../site/index.ts';
import type { JsonValue, Row, Store } from '../store/index.ts';
import { requireNoOperation } from './require-no-operation.ts';

interface Parts {
  store: Store;
  site: Pick<Site, 'bmc'>;
  bmcRow(name: string): Promise<Row<'bmcs'>>;
  now(): number;
}

export function createWithConsole({ store, site, bmcRow, now }: Parts): ControlPlane['withConsole'] {
  return async (name, { takeOver }, caller, signal, use) => {
    const bmc = await bmcRow(name);
    await requireNoOperation(store, bmc);
    // A BMC that the site does not have throws here, before anything is noted.
    const { console: capability } = site.bmc(name);
    const asked = { bmc: name, command: 'console', parameters: takeOver ? { takeOver } : {}, caller };
    const note = async (kind: string, more: Record<string, JsonValue> = {}): Promise<void> => {
      const subject = { kind: 'bmc', id: bmc.id };
      await store.events.appendEvent(store.db, { kind, subject, data: { ...asked, ...more } });
    };
    await note('bmc.command');
    const result = await capability.openSerial(takeOver, { signal });
    const { outcome, driver, evidence, error } = answerOf(name, result);
    const told = { outcome, driver, evidence: evidence.map((line) => ({ ...line })) };
    if (result.outcome !== 'done') {
      await note('bmc.answered', { ...told, ...(error === undefined ? {} : { error: { ...error } }) });
      throw result.outcome === 'unsupported' ? new AthanorError('unsupported', result.reason) : result.error;
    }
    const console = result.value;
    // It may end while that is written down, when nobody listens yet.
    console.on('error', () => undefined);
    const openedAt = now();
    try {
      await note('bmc.answered', { ...told, value: 'opened' });
      await use(console);
    } finally {
      await closeSerialConsole(console);
      await note('bmc.console-closed', { milliseconds: now() - openedAt, ...reasonOf(console) });
    }
  };
}

/** Why it ended, when nobody closed it. */
function reasonOf({ errored }: SerialConsole): Record<string, JsonValue> {
  if (!(errored instanceof AthanorError)) return {};
  const { code, message, remedy } = errored;
  return { error: { code, message, remedy } };
}
