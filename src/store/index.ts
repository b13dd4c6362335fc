/**
 * Store: everything that persists. One database (SQLite or PostgreSQL, chosen by one setting) behind typed queries,
 * its migrations, the append-only history with subscriptions, and secrets sealed under a key file.
 * Start at `openStore`; the tables are in `schema.ts`.
 */
export { openStore } from './store.ts';
export type { DatabaseChoice, Store, StoreLogger, StoreOptions } from './store.ts';
export type * from './schema.ts';
export type { Dialect, RunTransaction } from './transaction.ts';
export { MAX_EVENT_PAGE } from './events.ts';
export type { Event, EventLog, EventQuery, NewEvent, Subject } from './events.ts';
export { fromJson, parseJson, toJson } from './json.ts';
export type { JsonValue } from './json.ts';
export { uuidSource } from './identifiers.ts';
export type { Clock, Random } from './identifiers.ts';
export { hashToken } from './secrets.ts';
export type { SecretPlace, Secrets } from './secrets.ts';
export { lockFile } from './lock.ts';
export type { FileLock } from './lock.ts';
export { asStorageFault } from './storage-fault.ts';
export { isUniqueViolation } from './unique-violation.ts';
