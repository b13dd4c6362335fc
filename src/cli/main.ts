/** The `athanor` command. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.ts';

const interrupted = new AbortController();
let signals = 0;
// SIGHUP: a terminal that is closed, or a connection that breaks, ends things as tidily as Ctrl-C.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    signals += 1;
    if (signals > 1) process.exit(130); // asked twice: whatever is being tidied up is not worth waiting for
    interrupted.abort();
  });
}
// `athanor event tail | head` closes the pipe; that is an end, not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 74));

process.exitCode = await run(
  {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    signal: interrupted.signal,
  },
  process.argv.slice(2),
  version(),
);

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
  const isObject = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isObject && typeof manifest.version === 'string' ? manifest.version : '0';
}
