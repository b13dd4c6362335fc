/** What the lab's tests begin with: a rack, the lab's image and an Athanor beside it, in a scratch folder of the enclosure. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type LabMachineSpec, type Rack, scratchDirectory, startRack } from '../index.ts';
import { type Athanor, createAthanor, type LifeEvent } from '../life/athanor.ts';
import { type LifeSettings, writeConfiguration } from '../life/configuration.ts';

const root = path.resolve(import.meta.dirname, '../..');

export interface LabImage {
  name: string;
  file: string;
  sha256: string;
}

export interface TestStage {
  directory: string;
  rack: Rack;
  athanor: Athanor;
  image: LabImage;
  /** Stops Athanor and takes the rack apart. */
  close(): Promise<void>;
}

/** The lab's own operating system, as `make image` built it. */
export async function labImage(): Promise<LabImage> {
  const file = path.join(root, 'build/lab-image/lab-os.raw');
  const digest = await readFile(`${file}.sha256`, 'utf8');
  return { name: 'lab-os', file, sha256: digest.trim().split(/\s/)[0] ?? '' };
}

/**
 * Sets the stage without starting Athanor.
 *
 * @param inRack settings that need the rack, such as the URL of a database server in it
 */
export async function setStage(
  machines: LabMachineSpec[],
  given: Partial<LifeSettings> = {},
  inRack?: (rack: Rack) => Promise<Partial<LifeSettings>>,
): Promise<TestStage> {
  const directory = scratchDirectory('test-');
  const rack = await startRack({ directory: path.join(directory, 'rack'), machines });
  const settings = { ...given, ...(await inRack?.(rack)) };
  const image = settings.image ?? (await labImage());
  const apiSocket = path.join(directory, 'api.sock');
  const configurationFile = await writeConfiguration(rack, {
    directory,
    image,
    ramdiskDirectory: path.join(root, 'build/ramdisk'),
    apiSocket,
    ...settings,
  });
  const athanor = createAthanor({ rack, configurationFile, directory, apiSocket });
  const close = async (): Promise<void> => {
    await athanor.stop();
    await rack.close();
  };
  return { directory, rack, athanor, image, close };
}

/** Every event so far. */
export async function history(athanor: Athanor): Promise<LifeEvent[]> {
  const { code, output, errors } = await athanor.command([
    'event',
    'tail',
    '--after',
    '0',
    '--no-follow',
    '-o',
    'jsonl',
  ]);
  if (code !== 0) throw new Error(`event tail ended with ${code}: ${errors}`);
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LifeEvent);
}
