/** Node's cache of compiled code, in a directory that nobody else can write: what lies in it is run. */
import { mkdirSync, statSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Below XDG_CACHE_HOME. Without a safe place there is no cache, and starting takes longer. */
export function useCompileCache(environment: NodeJS.ProcessEnv): void {
  const configured = environment['XDG_CACHE_HOME'];
  const base = configured !== undefined && configured.startsWith('/') ? configured : join(homedir(), '.cache');
  const directory = join(base, 'athanor', 'code');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const { mode, uid } = statSync(directory);
    if (uid === process.getuid?.() && (mode & 0o022) === 0) enableCompileCache(directory);
  } catch {
    // A home that cannot be written, for example: everything works without.
  }
}
