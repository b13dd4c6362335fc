/**
 * The tables as Kysely sees them; `migrations/` makes them. Column names are snake_case in SQL and here.
 *
 * | kind of column | stored as                                                                    |
 * | -------------- | ---------------------------------------------------------------------------- |
 * | time           | integer milliseconds since 1970 UTC, a `number` here in both dialects        |
 * | id             | UUIDv7 text made by `store.newId()`                                          |
 * | JSON           | TEXT in both dialects; write with `toJson`, read with `fromJson`             |
 * | yes or no      | integer 0 or 1                                                               |
 * | secret         | text sealed by `store.secrets.seal`; tokens and tickets only as their hash   |
 */
import type { Generated, Insertable, Selectable, Updateable } from 'kysely';

/** Milliseconds since 1970-01-01 UTC. */
export type Time = number;
/** A JSON document as text. */
export type JsonText = string;
/** No or yes. */
export type Flag = 0 | 1;

/** One line of the append-only history: the database itself refuses to change or delete it. */
export interface EventsTable {
  sequence: Generated<number>;
  time: Time;
  kind: string;
  subject_kind: string;
  subject_id: string;
  operation_id: string | null;
  data: JsonText;
}

/** A server. What identifies it to others (UUID, serial, MACs) are claims, never keys. */
export interface MachinesTable {
  id: string;
  name: string | null;
  /** A state of the machine room's table. */
  state: string;
  state_since: Time;
  maintenance: Flag;
  power: 'on' | 'off' | 'unknown';
  /** A person switched it off by Athanor: its silence is no incident. */
  off_on_purpose: Generated<Flag>;
  /** When a person last switched its power by Athanor. */
  switched_at: Generated<Time | null>;
  /** JSON: which step failed, why, and the safe next verbs. */
  failure: JsonText | null;
  /** Counts up at each change; an update that expects an older one changes no row. */
  revision: number;
  created_at: Time;
  updated_at: Time;
}

/** What somebody (`source`) said identifies a machine. Several machines may claim the same value by vendor error. */
export interface MachineClaimsTable {
  id: string;
  machine_id: string;
  kind: 'uuid' | 'mac' | 'serial' | 'bmc-guid';
  value: string;
  source: string;
  first_seen_at: Time;
  last_seen_at: Time;
}

/** The newest hardware inventory of a machine. */
export interface InventoriesTable {
  machine_id: string;
  time: Time;
  source: string;
  data: JsonText;
}

export interface BmcsTable {
  id: string;
  name: string;
  site: string;
  address: string;
  port: number;
  driver: string;
  credential_name: string | null;
  guid: string | null;
  mac: string | null;
  machine_id: string | null;
  /** JSON: what Get Device ID answered. */
  device: JsonText | null;
  last_seen_at: Time | null;
  /** JSON: code, message and time. */
  last_error: JsonText | null;
  declared_at: Time;
}

export interface CredentialsTable {
  id: string;
  name: string;
  protocol: string;
  username: string;
  /** Sealed for `credentials/<id>/password`. */
  password_sealed: string;
  /** Sealed for `credentials/<id>/system_key`; null where the BMC has no key of its own (K_g). */
  system_key_sealed: string | null;
  /** `store.secrets.fingerprint`: tells a changed credential from the same one, and nothing else. */
  fingerprint: string;
  updated_at: Time;
}

/** A credential that a BMC refused: never tried there again while its fingerprint stays the same. */
export interface CredentialRefusalsTable {
  bmc_name: string;
  fingerprint: string;
  refused_at: Time;
}

export interface ImagesTable {
  name: string;
  file: string;
  sha256: string;
  size_bytes: number;
  verified_at: Time | null;
  /** Why the file is not what was declared, in words, as found when it was last read. */
  problem: string | null;
  file_mtime_ms: number | null;
}

export interface DeploymentsTable {
  id: string;
  name: string;
  machine_id: string;
  image: string;
  hostname: string | null;
  disk: string | null;
  created_at: Time;
  updated_at: Time;
}

export type OperationState = 'queued' | 'running' | 'succeeded' | 'failed' | 'aborted';

/** The truth about long work; the workflow engine is reconciled with it. At most one per machine has not ended. */
export interface OperationsTable {
  id: string;
  kind: string;
  machine_id: string | null;
  state: OperationState;
  input: JsonText;
  result: JsonText | null;
  failure: JsonText | null;
  progress: JsonText | null;
  deadline_at: Time;
  abort_requested_at: Time | null;
  abort_reason: string | null;
  created_at: Time;
  started_at: Time | null;
  ended_at: Time | null;
  engine_run_id: string | null;
}

/** `intent` is written before an effect and `done` after it, so that a restart knows what may have happened. */
export interface OperationStepsTable {
  operation_id: string;
  name: string;
  ordinal: number;
  state: 'intent' | 'done' | 'failed';
  tries: number;
  intent_at: Time;
  done_at: Time | null;
  evidence: JsonText | null;
}

export interface OperationLogTable {
  operation_id: string;
  sequence: number;
  time: Time;
  text: string;
}

/** One network boot of a machine under its own identity; only the newest number is heard. */
export interface BootAttemptsTable {
  machine_id: string;
  number: number;
  mac: string;
  address: string;
  operation_id: string | null;
  ticket_hash: string;
  token_hash: string | null;
  /** When the token was first used; from then on the ticket is worth nothing. */
  token_used_at: Time | null;
  state: 'ticketed' | 'exchanged' | 'superseded' | 'finished';
  progress: JsonText | null;
  result: JsonText | null;
  created_at: Time;
  updated_at: Time;
}

/** The agent on a deployed machine. Its token is bound to machine, address and boot. */
export interface AgentsTable {
  machine_id: string;
  token_hash: string;
  address: string;
  /** The kernel's boot id: a new one at each boot. */
  boot_id: string;
  interval_ms: number;
  /** Of the last heartbeat; only greater ones are heard. */
  last_sequence: number;
  enrolled_at: Time;
  last_heard_at: Time;
  /** When the agent said that its system goes down. */
  stopping_at: Time | null;
}

/** Many machines that fell silent together: one cause, which no playbook mends. */
export interface OutagesTable {
  id: string;
  opened_at: Time;
  /** How many were silent when it was seen. */
  machines: number;
  /** Of how many that are listened for. */
  watched: number;
  resolved_at: Time | null;
}

/** One machine's failure episode. At most one per machine is not resolved. */
export interface IncidentsTable {
  id: string;
  machine_id: string;
  state: 'open' | 'healing' | 'held' | 'escalated' | 'resolved';
  signal: string;
  /** The last heartbeat. */
  silent_since: Time;
  opened_at: Time;
  outage_id: string | null;
  /** The rule that matched last. */
  rule: string | null;
  /** The newest heal operation. */
  operation_id: string | null;
  /** Heal operations begun. */
  attempts: number;
  /** When the first action on the machine began. */
  first_action_at: Time | null;
  /** Why it is held or escalated, in words. */
  reason: string | null;
  outcome: string | null;
  resolved_at: Time | null;
}

/** A picture, named by the SHA-256 of its PNG. */
export interface FramesTable {
  id: string;
  width: number;
  height: number;
  png: Uint8Array;
  created_at: Time;
}

/** A look at a machine: power, picture and what was read from it. */
export interface ObservationsTable {
  id: string;
  machine_id: string;
  incident_id: string | null;
  time: Time;
  power: 'on' | 'off' | 'unknown';
  frame_id: string | null;
  /** JSON: font, columns, rows, lines, cursor, confidence. */
  reading: JsonText | null;
  /** Why there is no frame or no reading, in words. */
  problem: string | null;
}

/** Every set of rules that was applied; the newest is in force. */
export interface RuleSetsTable {
  revision: number;
  applied_at: Time;
  /** JSON: the files, name and text. */
  files: JsonText;
}

export interface ApiTokensTable {
  id: string;
  name: string;
  token_hash: string;
  created_at: Time;
  last_used_at: Time | null;
}

export interface SettingsTable {
  key: string;
  value: JsonText;
}

/** Which migrations this database has seen. */
export interface MigrationsTable {
  number: number;
  name: string;
  applied_at: Time;
}

export interface Database {
  events: EventsTable;
  machines: MachinesTable;
  machine_claims: MachineClaimsTable;
  inventories: InventoriesTable;
  bmcs: BmcsTable;
  credentials: CredentialsTable;
  credential_refusals: CredentialRefusalsTable;
  images: ImagesTable;
  deployments: DeploymentsTable;
  operations: OperationsTable;
  operation_steps: OperationStepsTable;
  operation_log: OperationLogTable;
  boot_attempts: BootAttemptsTable;
  agents: AgentsTable;
  outages: OutagesTable;
  incidents: IncidentsTable;
  frames: FramesTable;
  observations: ObservationsTable;
  rule_sets: RuleSetsTable;
  api_tokens: ApiTokensTable;
  settings: SettingsTable;
  migrations: MigrationsTable;
}

/** A row as read, as inserted, and as updated: `Row<'machines'>`. */
export type Row<T extends keyof Database> = Selectable<Database[T]>;
export type NewRow<T extends keyof Database> = Insertable<Database[T]>;
export type RowUpdate<T extends keyof Database> = Updateable<Database[T]>;
