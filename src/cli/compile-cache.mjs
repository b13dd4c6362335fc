// Node's cache of compiled code, loaded by bin/athanor before anything else (`--import`), so that starting takes a third of
// the time. Plain JavaScript, for what strips types from TypeScript costs 25 ms to load, and is not needed for what the
// cache holds. The directory must be one that nobody else can write: what lies in it is run.
import { mkdirSync, statSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const configured = process.env['XDG_CACHE_HOME'];
try {
  const base = configured !== undefined && configured.startsWith('/') ? configured : join(homedir(), '.cache');
  const directory = join(base, 'athanor', 'code');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { mode, uid } = statSync(directory);
  if (uid === process.getuid?.() && (mode & 0o022) === 0) enableCompileCache(directory);
} catch {
  // A home that cannot be written, for example: everything works without, only slower.
}
