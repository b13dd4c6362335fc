/** Credentials: sealed in the store, opened only for the driver that logs in with them. */
import { AthanorError } from '../errors/index.ts';
import type { BmcSettings } from '../site/index.ts';
import { type Row, type Store, toJson } from '../store/index.ts';

export interface NewCredential {
  protocol: 'ipmi' | 'vnc';
  /** Empty for `vnc`. */
  username: string;
  password: string;
  /** The BMC's K_g key, where it has one: text, or `0x` and hexadecimal digits. */
  systemKey?: string | undefined;
}

export interface Credentials {
  /** Keep a credential; a changed one may be tried again where the old one was refused. */
  set(name: string, credential: NewCredential): Promise<void>;
  /**
   * Take in a credential from the configuration. One that was declared like this before is not news: whatever was set
   * since by the API stays.
   *
   * @returns whether the declared credential is the one in use
   */
  declare(name: string, credential: NewCredential): Promise<boolean>;
  /** The credential in clear for a driver, or undefined when there is none of that name. */
  open(name: string): Promise<BmcSettings['credential']>;
}

/** IPMI v2.0 §22.30: a password has at most 20 bytes, a user name at most 16. */
const LONGEST_PASSWORD = 20;
const LONGEST_USERNAME = 16;

/** RFC 6143 §7.2.2: the password is cut to 8 bytes; a longer one would seem safer than it is. */
const LONGEST_VNC_PASSWORD = 8;

function requireThatTheProtocolCanCarry(name: string, credential: NewCredential): void {
  if (credential.protocol === 'ipmi') return requireThatIpmiCanCarry(name, credential);
  if (credential.systemKey !== undefined)
    throw new AthanorError('invalid-input', `credential ${name} is for VNC, which knows no K_g key`, {
      field: `credentials[${name}].kg`,
      remedy: 'Leave it out.',
    });
  const bytes = Buffer.byteLength(credential.password);
  if (bytes > LONGEST_VNC_PASSWORD)
    throw new AthanorError('invalid-input', `the password of credential ${name} is longer than VNC's 8 bytes`, {
      field: `credentials[${name}].password`,
      value: `${bytes} bytes`,
      remedy: 'Choose one of at most 8 bytes: VNC authentication ignores the rest.',
    });
}

function requireThatIpmiCanCarry(name: string, { username, password, systemKey = '' }: NewCredential): void {
  const isHexadecimal = /^0x[0-9a-f]{40}$/i.test(systemKey);
  for (const [field, value, longest] of [
    ['username', username, LONGEST_USERNAME],
    ['password', password, LONGEST_PASSWORD],
    ['kg', isHexadecimal ? '' : systemKey, LONGEST_PASSWORD],
  ] as const)
    if (Buffer.byteLength(value) > longest)
      throw new AthanorError(
        'invalid-input',
        `the ${field} of credential ${name} is longer than IPMI's ${longest} bytes`,
        {
          field: `credentials[${name}].${field}`,
          value: `${Buffer.byteLength(value)} bytes`,
          remedy: `Choose one of at most ${longest} bytes on the BMC.`,
        },
      );
}

const place = (row: Pick<Row<'credentials'>, 'id'>, field: 'password' | 'system_key' = 'password') => ({
  table: 'credentials',
  id: row.id,
  field,
});

/** @param changed called after a credential was kept */
export function createCredentials(
  store: Store,
  now: () => number,
  changed: (name: string) => Promise<void>,
): Credentials {
  const fingerprintOf = (name: string, { protocol, username, password, systemKey }: NewCredential): string =>
    store.secrets.fingerprint(name, protocol, username, password, ...(systemKey === undefined ? [] : [systemKey]));
  const present = (name: string): Promise<Row<'credentials'> | undefined> =>
    store.db.selectFrom('credentials').selectAll().where('name', '=', name).executeTakeFirst();

  async function set(name: string, credential: NewCredential): Promise<void> {
    requireThatTheProtocolCanCarry(name, credential);
    const { protocol, username, password, systemKey } = credential;
    const fingerprint = fingerprintOf(name, credential);
    const kept = await store.transaction(async (trx) => {
      const before = await trx.selectFrom('credentials').selectAll().where('name', '=', name).executeTakeFirst();
      // Set again, it is tried again: the BMC may have refused it for a while only, or was set right since.
      await trx.deleteFrom('credential_refusals').where('fingerprint', '=', fingerprint).execute();
      if (before?.fingerprint === fingerprint) return false;
      const id = before?.id ?? store.newId();
      const row = {
        protocol,
        username,
        password_sealed: store.secrets.seal(place({ id }), password),
        system_key_sealed: systemKey === undefined ? null : store.secrets.seal(place({ id }, 'system_key'), systemKey),
        fingerprint,
        updated_at: now(),
      };
      if (before === undefined)
        await trx
          .insertInto('credentials')
          .values({ id, name, ...row })
          .execute();
      else await trx.updateTable('credentials').set(row).where('id', '=', id).execute();
      await store.events.appendEvent(trx, {
        kind: before === undefined ? 'credential.added' : 'credential.changed',
        subject: { kind: 'credential', id },
        data: { name, protocol, username },
      });
      return true;
    });
    if (kept) await changed(name);
  }

  return {
    set,
    declare: async (name, credential) => {
      const key = `credential-declared/${name}`;
      const fingerprint = toJson(fingerprintOf(name, credential));
      const before = await store.db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst();
      if (before?.value !== fingerprint || (await present(name)) === undefined) {
        await set(name, credential);
        await store.db
          .insertInto('settings')
          .values({ key, value: fingerprint })
          .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: fingerprint }))
          .execute();
      }
      return (await present(name))?.fingerprint === fingerprintOf(name, credential);
    },
    open: async (name) => {
      const row = await present(name);
      if (row === undefined) return undefined;
      return {
        name,
        username: row.username,
        password: store.secrets.open(place(row), row.password_sealed),
        ...(row.system_key_sealed !== null && {
          systemKey: store.secrets.open(place(row, 'system_key'), row.system_key_sealed),
        }),
        fingerprint: row.fingerprint,
      };
    },
  };
}
