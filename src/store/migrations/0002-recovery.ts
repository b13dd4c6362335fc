/** Heartbeats, observations, rules and incidents: what keeps a deployed machine alive. */
import type { Migration } from '../migrate.ts';

const tables = [
  // The agent on a deployed machine. Its token is bound to machine, address and boot.
  `create table agents (
    machine_id text primary key references machines (id),
    token_hash text not null,
    address text not null,
    boot_id text not null,
    interval_ms int not null,
    last_sequence int not null,
    enrolled_at int not null,
    last_heard_at int not null,
    stopping_at int
  )`,
  `create table outages (
    id text primary key,
    opened_at int not null,
    machines int not null,
    watched int not null,
    resolved_at int
  )`,
  `create table incidents (
    id text primary key,
    machine_id text not null references machines (id),
    state text not null check (state in ('open', 'healing', 'held', 'escalated', 'resolved')),
    signal text not null,
    silent_since int not null,
    opened_at int not null,
    outage_id text references outages (id),
    rule text,
    operation_id text references operations (id),
    attempts int not null,
    first_action_at int,
    reason text,
    outcome text,
    resolved_at int,
    check ((resolved_at is null) = (state <> 'resolved'))
  )`,
  // Named by the digest of its PNG, so that a screen that stands still is kept once.
  `create table frames (
    id text primary key,
    width int not null,
    height int not null,
    png bytes not null,
    created_at int not null
  )`,
  `create table observations (
    id text primary key,
    machine_id text not null references machines (id),
    incident_id text references incidents (id),
    time int not null,
    power text not null check (power in ('on', 'off', 'unknown')),
    frame_id text references frames (id),
    reading text,
    problem text
  )`,
  `create table rule_sets (
    revision int primary key,
    applied_at int not null,
    files text not null
  )`,
];

const changes = [
  // A person switched it off by Athanor: its silence is no incident.
  'alter table machines add column off_on_purpose int not null default 0',
  // When a person last switched its power by Athanor: it may be silent for as long as a boot takes.
  'alter table machines add column switched_at int',
];

const indexes = [
  'create unique index agents_by_token on agents (token_hash)',
  `create unique index incidents_one_open_per_machine on incidents (machine_id) where state <> 'resolved'`,
  'create index incidents_by_machine on incidents (machine_id, resolved_at)',
  'create index incidents_by_time on incidents (opened_at)',
  'create index incidents_by_outage on incidents (outage_id)',
  'create index observations_by_incident on observations (incident_id, time)',
  'create index observations_by_machine on observations (machine_id, time)',
  // Is a picture shown by anything else? The foreign key asks as well.
  'create index observations_by_frame on observations (frame_id)',
];

const typeNames = {
  sqlite: { int: 'integer', bytes: 'blob' },
  postgres: { int: 'bigint', bytes: 'bytea' },
};

export const recovery: Migration = {
  number: 2,
  name: 'recovery',
  statements: (dialect) => {
    const names = typeNames[dialect];
    const typed = (sql: string): string =>
      sql.replaceAll(/\bint\b/g, names.int).replaceAll(/\bpng bytes\b/g, `png ${names.bytes}`);
    return [
      ...tables.map((table) => (dialect === 'sqlite' ? `${typed(table)} strict` : typed(table))),
      ...changes.map(typed),
      ...indexes,
    ];
  },
};
