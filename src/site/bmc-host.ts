/**
 * The BMCs of one site: one open driver and one lane per BMC, however many ask. A BMC whose declaration or credential
 * changed is closed and opened anew at its next use; nothing is sent before somebody asks.
 */
import { AthanorError } from '../errors/index.ts';
import { type Bmc, type BmcDependencies, type BmcSettings, openBmc } from '../bmc/index.ts';

export interface BmcHost {
  /** The names of the declared BMCs, in the order of their declaration. */
  names(): string[];
  /** The BMC's open driver; throws `not-found` for a name that is not declared. */
  bmc(name: string): Bmc;
  /** Take in the declared BMCs; those that changed are closed and opened anew at their next use. */
  declare(settings: readonly BmcSettings[]): Promise<void>;
  close(): Promise<void>;
}

/** What decides whether an open driver still fits: everything but the password, which the fingerprint stands for. */
function identityOf(settings: BmcSettings): string {
  const { credential, ...rest } = settings;
  return JSON.stringify([rest, credential?.name, credential?.username, credential?.fingerprint]);
}

export function createBmcHost(dependencies: BmcDependencies): BmcHost {
  const declared = new Map<string, BmcSettings>();
  const open = new Map<string, Bmc>();

  async function close(name: string): Promise<void> {
    const bmc = open.get(name);
    open.delete(name);
    await bmc?.close();
  }

  return {
    names: () => [...declared.keys()],
    bmc: (name) => {
      const settings = declared.get(name);
      if (settings === undefined) throw new AthanorError('not-found', `there is no BMC named ${name}`, { value: name });
      let bmc = open.get(name);
      if (bmc === undefined) {
        bmc = openBmc(settings, dependencies);
        open.set(name, bmc);
      }
      return bmc;
    },
    declare: async (list) => {
      const before = new Map(declared);
      declared.clear();
      for (const settings of list) declared.set(settings.name, settings);
      // First the new declaration, then the end of the old driver: who asks meanwhile gets a new one.
      const outdated = [...before].filter(([name, settings]) => {
        const after = declared.get(name);
        return after === undefined || identityOf(after) !== identityOf(settings);
      });
      await Promise.all(outdated.map(async ([name]) => await close(name)));
    },
    close: async () => {
      await Promise.all([...open.keys()].map(close));
    },
  };
}
