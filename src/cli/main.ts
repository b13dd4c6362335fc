/** The `athanor` command. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { run } from './program.ts';

const interrupted = new AbortController();
let signals = 0;
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    signals += 1;
    if (signals > 1) process.exit(130); // asked twice: whatever is being tidied up is not worth waiting for
    interrupted.abort();
  });
}
// `athanor event tail | head` closes the pipe; that is an end, not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 74));

const manifest = z.object({ version: z.string() });
const { version } = manifest.parse(JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8')));

process.exitCode = await run(
  {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    signal: interrupted.signal,
  },
  process.argv.slice(2),
  version,
);
