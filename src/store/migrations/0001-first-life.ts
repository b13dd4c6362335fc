/** The tables of the first life: found, known, free, deployed, active. */
import type { Migration } from '../migrate.ts';

// `int` below is any integer (64 bits): SQLite's INTEGER, PostgreSQL's bigint. SQLite's tables are STRICT so that both
// databases refuse a value of the wrong type.
const tables = [
  `create table events (
    sequence serial64,
    time int not null,
    kind text not null,
    subject_kind text not null,
    subject_id text not null,
    operation_id text,
    data text not null
  )`,
  `create table machines (
    id text primary key,
    name text unique,
    state text not null,
    state_since int not null,
    maintenance int not null check (maintenance in (0, 1)),
    power text not null check (power in ('on', 'off', 'unknown')),
    failure text,
    revision int not null,
    created_at int not null,
    updated_at int not null
  )`,
  `create table machine_claims (
    id text primary key,
    machine_id text not null references machines (id),
    kind text not null check (kind in ('uuid', 'mac', 'serial', 'bmc-guid')),
    value text not null,
    source text not null,
    first_seen_at int not null,
    last_seen_at int not null,
    unique (machine_id, kind, value, source)
  )`,
  `create table inventories (
    machine_id text primary key references machines (id),
    time int not null,
    source text not null,
    data text not null
  )`,
  `create table bmcs (
    id text primary key,
    name text not null unique,
    site text not null,
    address text not null,
    port int not null,
    driver text not null,
    credential_name text,
    guid text,
    mac text,
    machine_id text references machines (id),
    device text,
    last_seen_at int,
    last_error text,
    declared_at int not null
  )`,
  `create table credentials (
    id text primary key,
    name text not null unique,
    protocol text not null,
    username text not null,
    password_sealed text not null,
    fingerprint text not null,
    updated_at int not null
  )`,
  `create table credential_refusals (
    bmc_name text not null,
    fingerprint text not null,
    refused_at int not null,
    primary key (bmc_name, fingerprint)
  )`,
  `create table images (
    name text primary key,
    file text not null,
    sha256 text not null,
    size_bytes int not null,
    verified_at int,
    problem text,
    file_mtime_ms int
  )`,
  `create table deployments (
    id text primary key,
    name text not null unique,
    machine_id text not null references machines (id),
    image text not null,
    hostname text,
    disk text,
    created_at int not null,
    updated_at int not null
  )`,
  `create table operations (
    id text primary key,
    kind text not null,
    machine_id text references machines (id),
    state text not null check (state in ('queued', 'running', 'succeeded', 'failed', 'aborted')),
    input text not null,
    result text,
    failure text,
    progress text,
    deadline_at int not null,
    abort_requested_at int,
    abort_reason text,
    created_at int not null,
    started_at int,
    ended_at int,
    engine_run_id text,
    check ((ended_at is null) = (state in ('queued', 'running')))
  )`,
  `create table operation_steps (
    operation_id text not null references operations (id),
    name text not null,
    ordinal int not null,
    state text not null check (state in ('intent', 'done', 'failed')),
    tries int not null,
    intent_at int not null,
    done_at int,
    evidence text,
    primary key (operation_id, name)
  )`,
  `create table operation_log (
    operation_id text not null references operations (id),
    sequence int not null,
    time int not null,
    text text not null,
    primary key (operation_id, sequence)
  )`,
  `create table boot_attempts (
    machine_id text not null references machines (id),
    number int not null,
    mac text not null,
    address text not null,
    operation_id text references operations (id),
    ticket_hash text not null,
    token_hash text,
    token_used_at int,
    state text not null check (state in ('ticketed', 'exchanged', 'superseded', 'finished')),
    progress text,
    result text,
    created_at int not null,
    updated_at int not null,
    primary key (machine_id, number)
  )`,
  `create table api_tokens (
    id text primary key,
    name text not null unique,
    token_hash text not null,
    created_at int not null,
    last_used_at int
  )`,
  `create table settings (key text primary key, value text not null)`,
];

const indexes = [
  'create index events_by_subject on events (subject_kind, subject_id, sequence)',
  'create index machine_claims_by_value on machine_claims (kind, value)',
  'create index bmcs_by_machine on bmcs (machine_id)',
  'create index deployments_by_machine on deployments (machine_id)',
  'create index operations_by_machine on operations (machine_id, created_at)',
  // Never two pieces of work on one machine: the database itself says no.
  `create unique index operations_one_per_machine on operations (machine_id) where state in ('queued', 'running')`,
  'create unique index boot_attempts_by_ticket on boot_attempts (ticket_hash)',
  'create unique index boot_attempts_by_token on boot_attempts (token_hash)',
  'create unique index api_tokens_by_hash on api_tokens (token_hash)',
];

const appendOnly = {
  sqlite: [
    `create trigger events_no_update before update on events begin
      select raise(abort, 'events are append-only'); end`,
    `create trigger events_no_delete before delete on events begin
      select raise(abort, 'events are append-only'); end`,
    // INSERT OR REPLACE deletes the old row without firing the delete trigger, so a known sequence is refused too.
    `create trigger events_no_replace before insert on events
      when exists (select 1 from events where sequence = new.sequence) begin
      select raise(abort, 'events are append-only'); end`,
  ],
  postgres: [
    `create function events_are_append_only() returns trigger language plpgsql as
      $$ begin raise exception 'events are append-only'; end $$`,
    `create trigger events_no_change before update or delete on events
      for each row execute function events_are_append_only()`,
    `create trigger events_no_truncate before truncate on events
      for each statement execute function events_are_append_only()`,
  ],
};

const typeNames = {
  sqlite: { int: 'integer', serial64: 'integer primary key autoincrement' },
  postgres: { int: 'bigint', serial64: 'bigint generated always as identity primary key' },
};

export const firstLife: Migration = {
  number: 1,
  name: 'first-life',
  statements: (dialect) => [
    ...tables.map((table) => {
      const names = typeNames[dialect];
      const sql = table.replace(/\bserial64\b/, names.serial64).replaceAll(/\bint\b/g, names.int);
      return dialect === 'sqlite' ? `${sql} strict` : sql;
    }),
    ...indexes,
    ...appendOnly[dialect],
  ],
};
