import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSecretFile } from './secret-file.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'secret-file-'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

async function read(text: string): Promise<string> {
  const file = join(directory, 'secret');
  await writeFile(file, text, { mode: 0o600 });
  return await readSecretFile(file);
}

describe('a secret in a file', () => {
  it('is its one line, however that ends', async () => {
    for (const end of ['', '\n', '\r\n']) expect(await read(`correct horse ${end}`)).toBe('correct horse ');
  });

  it('is never several lines: tried as a password, they would only count towards a lockout', async () => {
    for (const text of ['one\ntwo\n', 'one\n\n', '\none', 'one\rtwo']) {
      await expect(read(text)).rejects.toMatchObject({
        code: 'invalid-input',
        message: expect.stringContaining('more than one line'),
      });
    }
    for (const text of ['', '\n', '\r\n']) await expect(read(text)).rejects.toThrow('is empty');
  });
});
