/**
 * Recordings of real hardware (packets of boot firmware, captured BMCs) that tests read. They lie beside the repository, in
 * `../shared/assets`, because they are not ours to publish. A machine without them says so, loudly, and goes on; in CI their
 * absence is a failure.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';

/** The folder of one kind of recordings, or undefined after a line on standard error. Throws in CI when it is absent. */
export function recordings(kind: 'console' | 'dhcp' | 'ipmi' | 'vnc'): string | undefined {
  const folder = path.resolve(import.meta.dirname, '../../shared/assets', kind);
  if (existsSync(folder)) return folder;
  if (process.env['CI'] === 'true') throw new Error(`the recordings ${folder} are absent`);
  process.stderr.write(`\nThe recordings ${folder} are absent: THE TESTS THAT READ THEM DO NOT RUN.\n\n`);
  return undefined;
}
