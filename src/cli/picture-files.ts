/** Pictures of screens as files: for their owner alone, and never over a file that is there. */
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ObservationView } from '../api/index.ts';
import { AthanorError } from '../errors/index.ts';
import { type Client, path } from './client.ts';
import { makeDirectory } from './make-directory.ts';

/** Saves a picture; refuses when there is a file of that name. */
export async function savePicture(client: Client, frame: string, file: string): Promise<void> {
  await writeNew(file, await client.download(path`frames/${frame}`));
}

/** Saves each picture of an incident once, numbered in order of time, and answers the files. */
export async function savePictures(
  client: Client,
  observations: readonly ObservationView[],
  directory: string,
): Promise<string[]> {
  const frames = [...new Set(observations.flatMap(({ frame }) => (frame === null ? [] : [frame])))];
  await makeDirectory(directory);
  const files: string[] = [];
  for (const [index, frame] of frames.entries()) {
    const file = join(directory, `${String(index + 1).padStart(3, '0')}-${frame.slice(0, 12)}.png`);
    await savePicture(client, frame, file);
    files.push(file);
  }
  return files;
}

async function writeNew(file: string, content: Uint8Array): Promise<void> {
  try {
    // 'wx' follows no link and opens no file that is there.
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(content);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const there = code === 'EEXIST';
    throw new AthanorError(
      'invalid-input',
      there ? `${file} is there already.` : `${file} cannot be written: ${code}.`,
      {
        field: 'file',
        value: file,
        remedy: there ? 'Remove it, or name another place.' : `Name a file that you may write below ${dirname(file)}.`,
        cause: error,
      },
    );
  }
}
