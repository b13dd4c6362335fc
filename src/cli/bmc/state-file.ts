/**
 * What the tool remembers between two runs: which passwords a BMC refused, so that no account is locked by trying again.
 * One small JSON file for its owner only. A password is in it as an HMAC under a random key of the same file: it can be
 * compared, and not be turned back without guessing it.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RefusedCredentials } from '../../bmc/index.ts';
import { replaceFile } from './atomic-file.ts';
import type { State } from './state-shape.ts';
import { makeDirectory } from '../make-directory.ts';

/** More is forgotten, the oldest first. */
const mostBmcs = 10_000;
const mostRefusedOfOne = 8;
const lockPatienceMs = 3000;
/** Below the patience: what a run that died left behind must not cost the next one its memory. */
const staleLockMs = 2000;

export interface StateFile {
  /** Stands for the login in the memory of refused ones; the same for the same login while the file lives. */
  fingerprint(login: { username: string; password: string; kg?: string }): string;
  refused: RefusedCredentials;
  /** Forgets what this BMC refused. */
  forget(bmcName: string): void;
  /** To be awaited at the end. */
  flush(): Promise<void>;
}

/** Below XDG_STATE_HOME (XDG Base Directory Specification). */
export function stateDirectory(environment: NodeJS.ProcessEnv): string {
  const configured = environment['XDG_STATE_HOME'];
  const base = configured !== undefined && configured.startsWith('/') ? configured : join(homedir(), '.local/state');
  return join(base, 'athanor', 'bmc');
}

/** @param warn told in words when the file cannot be used; the tool works without it */
export async function openStateFile(directory: string, warn: (text: string) => void): Promise<StateFile> {
  const file = join(directory, 'state.json');
  const state = (await readState(file, warn)) ?? freshState();
  /** By fingerprint, and the other way round: most often one login is that of a thousand BMCs. */
  const logins = new Map<string, string>();
  const fingerprints = new Map<string, string>();
  const added = new Map<string, Set<string>>();
  const forgotten = new Set<string>();
  let writing: Promise<void> = Promise.resolve();
  let dirty = false;

  const hmac = (key: string, login: string): string =>
    createHmac('sha256', Buffer.from(key, 'base64')).update(login).digest('base64url');

  /** What is on the disk now with what this run adds; another run may have written meanwhile. */
  async function write(): Promise<void> {
    if (!dirty) return;
    dirty = false;
    await makeDirectory(directory);
    await locked(`${file}.lock`, async () => {
      const merged = (await readState(file, warn)) ?? state;
      for (const name of forgotten) delete merged.refused[name];
      for (const [name, newOnes] of added) {
        const known = merged.refused[name] ?? [];
        for (const fingerprint of newOnes) {
          // Under the key on the disk: where two runs made the file at once, the other's holds.
          const kept = hmac(merged.key, logins.get(fingerprint) ?? '');
          if (!known.some((entry) => entry.fingerprint === kept)) known.push({ fingerprint: kept, at: Date.now() });
        }
        // Set anew so that the BMCs spoken to last are at the end.
        delete merged.refused[name];
        merged.refused[name] = known.slice(-mostRefusedOfOne);
      }
      merged.refused = Object.fromEntries(Object.entries(merged.refused).slice(-mostBmcs));
      await replaceFile(file, `${JSON.stringify(merged)}\n`);
    });
  }

  function schedule(): void {
    if (dirty) return;
    dirty = true;
    writing = writing.then(write).catch((error: unknown) => {
      warn(`${file} cannot be written (${reasonOf(error)}); what BMCs refused is forgotten when this ends.`);
    });
  }

  return {
    fingerprint({ username, password, kg = '' }) {
      const login = JSON.stringify([username, password, kg]);
      const known = fingerprints.get(login);
      if (known !== undefined) return known;
      const fingerprint = hmac(state.key, login);
      logins.set(fingerprint, login);
      fingerprints.set(login, fingerprint);
      return fingerprint;
    },
    refused: {
      isRefused: (name, fingerprint) =>
        added.get(name)?.has(fingerprint) === true ||
        (!forgotten.has(name) && state.refused[name]?.some((entry) => entry.fingerprint === fingerprint) === true),
      remember(name, fingerprint) {
        added.set(name, (added.get(name) ?? new Set()).add(fingerprint));
        schedule();
      },
    },
    forget(name) {
      if (state.refused[name] === undefined) return;
      forgotten.add(name);
      schedule();
    },
    async flush() {
      await writing;
    },
  };
}

function freshState(): State {
  return { version: 1, key: randomBytes(32).toString('base64'), refused: {} };
}

/** Undefined when there is none; one that cannot be understood is moved aside. */
async function readState(file: string, warn: (text: string) => void): Promise<State | undefined> {
  let text: string;
  try {
    // At every start, so without a detour through the thread pool.
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') warn(`${file} cannot be read (${reasonOf(error)}).`);
    return undefined;
  }
  try {
    const { stateSchema } = await import('./state-shape.ts');
    return stateSchema.parse(JSON.parse(text));
  } catch {
    const aside = `${file}.broken-${Date.now()}`;
    await rename(file, aside).catch(() => undefined);
    warn(`${file} was damaged and is now ${aside}; what BMCs refused before is forgotten.`);
    return undefined;
  }
}

/** One writer at a time among processes; a lock whose owner died is taken over. */
async function locked(lock: string, work: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + lockPatienceMs;
  for (;;) {
    try {
      await (await open(lock, 'wx', 0o600)).close();
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || performance.now() > deadline) throw error;
      const age = await stat(lock).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (age > staleLockMs) await rm(lock, { force: true });
      else await delay(20);
    }
  }
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function reasonOf(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? error.message : String(error));
}
