import { createHash } from 'node:crypto';
import { rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { declareImages, findImage, type ImageDeclaration, verifyImage } from './index.ts';
import { useInstallBench } from './testing/install-bench.ts';

const bench = useInstallBench();
const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');

async function imageFile(content: string, name = 'lab-os'): Promise<ImageDeclaration> {
  const file = join(bench.directory(), `${name}.img`);
  await writeFile(file, content);
  return { name, file, sha256: sha256(content) };
}

const verify = async (name = 'lab-os') => await verifyImage(bench.store(), name, bench.now);

describe('an image', () => {
  it('is read once and believed while its file stays as it is', async () => {
    const image = await imageFile('content');
    await declareImages(bench.store(), [{ ...image, sha256: image.sha256.toUpperCase() }]);
    expect((await findImage(bench.store(), 'lab-os')).verified_at).toBeNull();
    const first = await verify();
    expect(first).toMatchObject({ verified_at: bench.now(), size_bytes: 7, sha256: image.sha256 });
    bench.skip(1000);
    expect((await verify()).verified_at).toBe(first.verified_at);
    expect(await findImage(bench.store(), 'lab-os')).toEqual(first);
  });

  it('with another content names both digests, and is worth nothing until it is right again', async () => {
    const image = await imageFile('content');
    await declareImages(bench.store(), [image]);
    await verify();
    await writeFile(image.file, 'swapped');
    await utimes(image.file, 1, 1);
    const refused = verify();
    await expect(refused).rejects.toMatchObject({ code: 'digest-mismatch', value: image.sha256 });
    await expect(refused).rejects.toThrow(sha256('swapped'));
    await expect(refused).rejects.toHaveProperty('remedy', expect.stringContaining(image.file));
    expect((await findImage(bench.store(), 'lab-os')).verified_at).toBeNull();
    await writeFile(image.file, 'content');
    expect((await verify()).verified_at).toBe(bench.now());
  });

  it('that grew is measured anew', async () => {
    const image = await imageFile('content');
    await declareImages(bench.store(), [image]);
    await verify();
    const grown = await imageFile('content and more');
    await declareImages(bench.store(), [grown]);
    expect(await verify()).toMatchObject({ size_bytes: 16, sha256: grown.sha256 });
  });

  it('whose file is gone says which, when it is declared and when it is used', async () => {
    const image = await imageFile('content');
    await declareImages(bench.store(), [image]);
    await rm(image.file);
    const gone = { code: 'not-found', field: 'images[lab-os].file', value: image.file };
    await expect(verify()).rejects.toMatchObject(gone);
    await expect(declareImages(bench.store(), [image])).rejects.toMatchObject(gone);
  });

  it('that nobody declared is not found, with the names of those that are', async () => {
    await expect(findImage(bench.store(), 'nix')).rejects.toMatchObject({ code: 'not-found', value: 'nix' });
    await declareImages(bench.store(), [await imageFile('a', 'one'), await imageFile('b', 'two')]);
    await expect(findImage(bench.store(), 'nix')).rejects.toHaveProperty('remedy', 'Use one of: one, two.');
  });

  it('keeps its proof when it is declared again as it was, and loses it when its declaration changes', async () => {
    const one = await imageFile('a', 'one');
    const two = await imageFile('b', 'two');
    await declareImages(bench.store(), [one, two]);
    await verify('one');
    await declareImages(bench.store(), [one]);
    expect((await findImage(bench.store(), 'one')).verified_at).toBe(bench.now());
    await expect(findImage(bench.store(), 'two')).rejects.toMatchObject({ code: 'not-found' });
    await declareImages(bench.store(), [{ ...one, sha256: sha256('other') }]);
    expect(await findImage(bench.store(), 'one')).toMatchObject({ verified_at: null, sha256: sha256('other') });
    await expect(verify('one')).rejects.toMatchObject({ code: 'digest-mismatch' });
  });

  it('stops being read when nobody waits for it', async () => {
    await declareImages(bench.store(), [await imageFile('content')]);
    const reading = verifyImage(bench.store(), 'lab-os', bench.now, AbortSignal.abort(new Error('enough')));
    await expect(reading).rejects.toThrow('enough');
    expect((await findImage(bench.store(), 'lab-os')).verified_at).toBeNull();
  });
});
