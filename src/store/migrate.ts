import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { AthanorError } from '../errors/index.ts';
import type { Database } from './schema.ts';
import type { Dialect, RunTransaction } from './transaction.ts';

/** One step of the schema's history. */
export interface Migration {
  /** 1, 2, 3, … without holes. */
  number: number;
  name: string;
  /** The SQL statements, each run by itself inside the one transaction of all pending migrations. */
  statements(dialect: Dialect): string[];
}

/**
 * Brings the database to the newest migration, all pending ones in one transaction (DDL is transactional in both
 * dialects) that also is the lock between programs that open it at once. A database that knows a migration which this
 * program does not know was written by a newer one and is refused untouched.
 */
export async function migrate(
  transaction: RunTransaction,
  dialect: Dialect,
  migrations: readonly Migration[],
  now: () => number,
): Promise<void> {
  await transaction(async (trx) => {
    await sql`create table if not exists migrations (
      number ${sql.raw(dialect === 'sqlite' ? 'integer' : 'bigint')} primary key,
      name text not null,
      applied_at ${sql.raw(dialect === 'sqlite' ? 'integer' : 'bigint')} not null
    )`.execute(trx);
    const pending = await pendingMigrations(trx, migrations);
    for (const migration of pending) {
      for (const statement of migration.statements(dialect)) await sql.raw(statement).execute(trx);
      await trx
        .insertInto('migrations')
        .values({ number: migration.number, name: migration.name, applied_at: now() })
        .execute();
    }
  });
}

async function pendingMigrations(
  db: Kysely<Database>,
  migrations: readonly Migration[],
): Promise<readonly Migration[]> {
  const applied = await db.selectFrom('migrations').selectAll().orderBy('number').execute();
  for (const row of applied) {
    const known = migrations.find((migration) => migration.number === row.number);
    if (known?.name === row.name) continue;
    throw new AthanorError(
      'database-newer',
      known === undefined
        ? `the database has migration ${row.number} (${row.name}), this program knows only up to ${migrations.length}`
        : `the database's migration ${row.number} is ${row.name}, this program's is ${known.name}`,
      { field: 'database', value: `${row.number}-${row.name}` },
    );
  }
  const seen = new Set(applied.map((row) => row.number));
  return migrations.filter((migration) => !seen.has(migration.number));
}
