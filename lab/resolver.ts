/** The name server that the control host appears to use: /etc/resolv.conf, replaced inside the enclosure only. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from './command.ts';
import { provisioning } from './namespaces.ts';

export const searchDomain = 'lab.test';

/** Lays a file of the rack's over /etc/resolv.conf; the mount is private to the enclosure. */
export async function provideResolver(
  directory: string,
  undo: { push: (step: () => Promise<void>) => void },
  report: (problem: unknown) => void,
): Promise<void> {
  const file = path.join(directory, 'resolv.conf');
  await writeFile(file, `search ${searchDomain}\nnameserver ${provisioning.router}\n`);
  try {
    await run('mount', ['--bind', file, '/etc/resolv.conf']);
  } catch (problem) {
    // A machine without that file has no resolver to detect either: the rack works all the same.
    report(problem);
    return;
  }
  undo.push(async () => void (await run('umount', ['/etc/resolv.conf'])));
}
