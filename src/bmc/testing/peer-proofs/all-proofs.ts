/** The proofs of all subjects: every file beside this one that exports some. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { PeerProof } from './proof.ts';

const proof = z.union([
  z.strictObject({ test: z.string(), peers: z.array(z.string().min(5)).min(1) }),
  z.strictObject({ unproved: z.string().min(20) }),
]);
const exported = z.record(z.string(), z.record(z.string(), proof));

/** Pairs of a command's name and its proof; a name that is proved twice comes twice. */
export async function allProofs(): Promise<[name: string, proof: PeerProof][]> {
  const files = (await readdir(import.meta.dirname)).filter(
    (file) => file !== 'proof.ts' && file !== 'all-proofs.ts' && !file.endsWith('.test.ts'),
  );
  const modules = await Promise.all(
    files.map(async (file) => exported.parse(await import(join(import.meta.dirname, file)))),
  );
  return modules.flatMap((module) => Object.values(module).flatMap((named) => Object.entries(named)));
}
