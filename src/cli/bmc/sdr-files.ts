/** The sensor records of BMCs, kept between two runs: one file for each, for they are long and change next to never. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { SdrCache } from '../../bmc/index.ts';
import { replaceFile } from './atomic-file.ts';

const fileSchema = z.object({
  bmc: z.string(),
  stamp: z.string(),
  readAt: z.number(),
  records: z.array(z.string().regex(/^([0-9a-f]{2})*$/i)).max(65_536),
});

/** More is forgotten, the oldest first, a tenth at a time. */
const mostFiles = 4096;
const longestFile = 16 * 1024 * 1024;

/** What cannot be read or written is read from the BMC again; losing some costs time only. */
export function sdrFiles(directory: string): SdrCache {
  const fileOf = (bmc: string): string => join(directory, `${createHash('sha256').update(bmc).digest('hex')}.json`);
  return {
    async get(bmc) {
      const file = fileOf(bmc);
      try {
        if ((await stat(file)).size > longestFile) return undefined;
        const { bmc: whose, ...cached } = fileSchema.parse(JSON.parse(await readFile(file, 'utf8')));
        return whose === bmc ? cached : undefined;
      } catch {
        return undefined;
      }
    },
    async put(bmc, { stamp, readAt, records }) {
      try {
        await replaceFile(fileOf(bmc), `${JSON.stringify({ bmc, stamp, readAt, records })}\n`);
        await forgetOldest(directory);
      } catch {
        // A disk that is full or read-only: the next run reads them again.
      }
    },
  };
}

async function forgetOldest(directory: string): Promise<void> {
  const names = await readdir(directory);
  if (names.length <= mostFiles) return;
  const files = await Promise.all(
    names.map(async (name) => {
      const file = join(directory, name);
      return {
        file,
        at: await stat(file).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0,
        ),
      };
    }),
  );
  const oldest = files.toSorted((a, b) => a.at - b.at).slice(0, names.length - Math.floor(mostFiles * 0.9));
  await Promise.all(oldest.map(({ file }) => rm(file, { force: true })));
}
