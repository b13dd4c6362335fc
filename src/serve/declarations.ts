/** What the configuration declares, taken into the store: the store then holds what was declared and what was learned. */
import { AthanorError } from '../errors/index.ts';
import type { BmcSettings, ConsoleSettings, Site } from '../site/index.ts';
import type { Row, Store } from '../store/index.ts';
import type { BmcConfiguration, Configuration } from './configuration/index.ts';
import type { Credentials } from './credentials.ts';

/** Take in the declared BMCs. What was learned of one (its GUID, its machine) stays, unless its address changed. */
export async function declareBmcs(store: Store, configuration: Configuration, now: number): Promise<void> {
  await store.transaction(async (trx) => {
    const known = await trx.selectFrom('bmcs').selectAll().execute();
    const names = new Set(configuration.bmcs.map((bmc) => bmc.name));
    for (const bmc of known) if (!names.has(bmc.name)) await trx.deleteFrom('bmcs').where('id', '=', bmc.id).execute();
    for (const bmc of configuration.bmcs) {
      const before = known.find((row) => row.name === bmc.name);
      const declared = {
        site: configuration.site,
        address: bmc.address ?? '',
        port: bmc.port,
        driver: bmc.driver,
        credential_name: bmc.credential ?? null,
        mac: bmc.mac ?? null,
        ...(bmc.guid === undefined ? {} : { guid: bmc.guid }),
      };
      if (before === undefined) {
        const learned = { guid: null, machine_id: null, device: null, last_seen_at: null, last_error: null };
        const row = { id: store.newId(), name: bmc.name, declared_at: now, ...learned, ...declared };
        await trx.insertInto('bmcs').values(row).execute();
        await store.events.appendEvent(trx, {
          kind: 'bmc.declared',
          subject: { kind: 'bmc', id: row.id },
          data: { name: bmc.name, driver: bmc.driver, address: declared.address },
        });
      } else {
        const moved = before.address !== declared.address || before.port !== declared.port;
        // It may be another BMC at the new address; once it tells its GUID it is tied anew.
        const forget = moved
          ? { guid: bmc.guid ?? null, machine_id: null, device: null, last_seen_at: null, last_error: null }
          : {};
        await trx
          .updateTable('bmcs')
          .set({ ...declared, ...forget })
          .where('id', '=', before.id)
          .execute();
      }
    }
  });
}

function settingsOf(bmc: BmcConfiguration, credential: BmcSettings['credential']): BmcSettings {
  return {
    name: bmc.name,
    driver: bmc.driver,
    address: bmc.address ?? '',
    port: bmc.port,
    ...(bmc.mac === undefined ? {} : { macAddress: bmc.mac }),
    ...(bmc.cipherSuites === undefined ? {} : { cipherSuites: bmc.cipherSuites }),
    ...(bmc.quirks === undefined ? {} : { quirks: bmc.quirks }),
    ...(bmc.requestsInFlight === undefined ? {} : { requestsInFlight: bmc.requestsInFlight }),
    ...(credential === undefined ? {} : { credential }),
  };
}

/** Give the site its BMCs with their present credentials. */
export async function declareToSite(
  site: Pick<Site, 'declareBmcs' | 'declareConsoles'>,
  bmcs: readonly BmcConfiguration[],
  credentials: Pick<Credentials, 'open'>,
): Promise<void> {
  const settings: BmcSettings[] = [];
  for (const bmc of bmcs) {
    const credential = bmc.credential === undefined ? undefined : await credentials.open(bmc.credential);
    if (bmc.credential !== undefined && credential === undefined)
      throw new AthanorError('invalid-configuration', `BMC ${bmc.name} names a credential that does not exist`, {
        field: `bmcs[${bmc.name}].credential`,
        value: bmc.credential,
      });
    settings.push(settingsOf(bmc, credential));
  }
  await site.declareBmcs(settings);
  site.declareConsoles(await consolesOf(bmcs, credentials));
}

async function consolesOf(
  bmcs: readonly BmcConfiguration[],
  credentials: Pick<Credentials, 'open'>,
): Promise<ConsoleSettings[]> {
  const settings: ConsoleSettings[] = [];
  for (const { name, console } of bmcs) {
    if (console === undefined) continue;
    const password =
      console.credential === undefined ? undefined : (await credentials.open(console.credential))?.password;
    settings.push({ name, address: console.address, ...(password === undefined ? {} : { password }) });
  }
  return settings;
}

/** Refused credentials live in the store, so that a restart does not try them again. */
export function createRefusedCredentials(
  store: Store,
  now: () => number,
): {
  isRefused(bmcName: string, fingerprint: string): Promise<boolean>;
  remember(bmcName: string, fingerprint: string): Promise<void>;
} {
  const find = async (bmcName: string, fingerprint: string): Promise<Row<'credential_refusals'> | undefined> =>
    await store.db
      .selectFrom('credential_refusals')
      .selectAll()
      .where('bmc_name', '=', bmcName)
      .where('fingerprint', '=', fingerprint)
      .executeTakeFirst();
  return {
    isRefused: async (bmcName, fingerprint) => (await find(bmcName, fingerprint)) !== undefined,
    remember: async (bmcName, fingerprint) => {
      await store.db
        .insertInto('credential_refusals')
        .values({ bmc_name: bmcName, fingerprint, refused_at: now() })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
  };
}
