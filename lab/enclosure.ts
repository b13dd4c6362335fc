/** The enclosure that lab/enter makes: a rack may exist only inside one, so that nothing of it can survive. */
import { mkdtempSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The name under which lab/enter mounts its private /run/netns. */
const markedMount = / \/run\/netns .* - tmpfs athanor-enclosure /;

/** Throws unless this process runs inside `lab/enter`. */
export function assertInsideEnclosure(): void {
  if (!markedMount.test(readFileSync('/proc/self/mountinfo', 'utf8'))) {
    throw new Error('The lab makes network namespaces and must run inside its enclosure: lab/enter COMMAND…');
  }
}

/** A new folder on the enclosure's private /dev/shm: in memory, and gone with the enclosure whatever happens. */
export function scratchDirectory(prefix = 'lab-'): string {
  assertInsideEnclosure();
  return mkdtempSync(path.join('/dev/shm', prefix));
}
