/**
 * Golden images: raw disk images on this server with a declared SHA-256. An image is worth its digest only, so the file
 * is read and checked before any machine is touched for it, and again whenever the file changed.
 */
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { AthanorError } from '../errors/index.ts';
import type { Row, Store } from '../store/index.ts';

export type Image = Row<'images'>;

export interface ImageDeclaration {
  name: string;
  /** Absolute path of the raw image. */
  file: string;
  /** 64 hexadecimal digits. */
  sha256: string;
}

const BLOCK_BYTES = 1 << 20;

/** SHA-256 of a whole file, read in blocks so that the process stays responsive. */
async function digestOfFile(file: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(file);
  try {
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(block, 0, block.length, null);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(block.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

async function fileFacts(image: { name: string; file: string }): Promise<{ sizeBytes: number; mtimeMs: number }> {
  try {
    const facts = await stat(image.file);
    return { sizeBytes: facts.size, mtimeMs: Math.floor(facts.mtimeMs) };
  } catch (error) {
    throw new AthanorError('not-found', `the file of image ${image.name} cannot be read`, {
      field: `images[${image.name}].file`,
      value: image.file,
      remedy: 'Put the image file there, or correct its declaration.',
      cause: error,
    });
  }
}

/** Take in the declared images; one that is no longer declared is forgotten. A changed declaration must be verified anew. */
export async function declareImages(store: Store, declarations: readonly ImageDeclaration[]): Promise<void> {
  const sizes = new Map<string, number>();
  for (const declaration of declarations) sizes.set(declaration.name, (await fileFacts(declaration)).sizeBytes);
  await store.transaction(async (trx) => {
    const known = await trx.selectFrom('images').selectAll().execute();
    for (const image of known)
      if (!sizes.has(image.name)) await trx.deleteFrom('images').where('name', '=', image.name).execute();
    for (const { name, file, sha256 } of declarations) {
      const before = known.find((image) => image.name === name);
      if (before?.file === file && before.sha256 === sha256.toLowerCase()) continue;
      const row = {
        file,
        sha256: sha256.toLowerCase(),
        size_bytes: sizes.get(name) ?? 0,
        verified_at: null,
        problem: null,
        file_mtime_ms: null,
      };
      await trx
        .insertInto('images')
        .values({ name, ...row })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute();
    }
  });
}

export async function findImage(store: Store, name: string): Promise<Image> {
  const image = await store.db.selectFrom('images').selectAll().where('name', '=', name).executeTakeFirst();
  if (image !== undefined) return image;
  const names = await store.db.selectFrom('images').select('name').orderBy('name').execute();
  throw new AthanorError('not-found', `there is no image named ${name}`, {
    field: 'image',
    value: name,
    remedy:
      names.length === 0
        ? 'Declare an image in the configuration file.'
        : `Use one of: ${names.map((row) => row.name).join(', ')}.`,
  });
}

/**
 * Make sure that the image's file is what its declaration says, reading it only when it changed since the last time.
 *
 * @returns the image with its size in bytes
 * @throws AthanorError `digest-mismatch` naming both digests
 */
export async function verifyImage(store: Store, name: string, now: () => number, signal?: AbortSignal): Promise<Image> {
  const image = await findImage(store, name);
  const { sizeBytes, mtimeMs } = await fileFacts(image);
  if (image.verified_at !== null && image.file_mtime_ms === mtimeMs && image.size_bytes === sizeBytes) return image;
  const found = await digestOfFile(image.file, signal);
  if (found !== image.sha256) {
    const problem = `its file has the SHA-256 ${found}`;
    await store.db.updateTable('images').set({ verified_at: null, problem }).where('name', '=', name).execute();
    throw new AthanorError('digest-mismatch', `the file of image ${name} has the SHA-256 ${found}`, {
      field: `images[${name}].sha256`,
      value: image.sha256,
      remedy: `Correct the declared digest, or put the right file at ${image.file}.`,
    });
  }
  const verified = { verified_at: now(), problem: null, file_mtime_ms: mtimeMs, size_bytes: sizeBytes };
  await store.db.updateTable('images').set(verified).where('name', '=', name).where('sha256', '=', found).execute();
  return { ...image, ...verified };
}
