/** The rules in force: every set that was applied is kept with its files, and the newest revision counts. */
import { z } from 'zod';
import { fromJson, type Row, type Store, toJson } from '../../store/index.ts';
import { type CompiledRules, compileRules } from '../rules/compile.ts';
import { RulesError } from '../rules/findings.ts';
import { parseRuleFiles, type RuleFile } from '../rules/parse.ts';
import type { RuleSet } from '../rules/rule.ts';

export interface CurrentRules {
  /** 0: none was ever applied. */
  revision: number;
  appliedAt: number | null;
  files: readonly RuleFile[];
  ruleSet: RuleSet;
  compiled: CompiledRules;
}

const storedFiles = z.array(z.object({ name: z.string(), text: z.string() }));

const noRules: RuleSet = { rules: [], playbooks: [] };
const none: CurrentRules = {
  revision: 0,
  appliedAt: null,
  files: [],
  ruleSet: noRules,
  compiled: compileRules(noRules),
};

/** Compiling costs far more than asking for the newest revision: the newest that was compiled, for each store. */
const compiledFor = new WeakMap<Store, CurrentRules>();

function filesText(files: readonly RuleFile[]): string {
  return toJson(files.map(({ name, text }) => ({ name, text })));
}

function understand(revision: number, appliedAt: number, files: readonly RuleFile[]): CurrentRules {
  const { ruleSet, findings } = parseRuleFiles(files);
  if (findings.length > 0) throw new RulesError(findings);
  return { revision, appliedAt, files, ruleSet, compiled: compileRules(ruleSet) };
}

/**
 * Takes a whole set in the place of the one before; the same files again change nothing.
 *
 * @throws RulesError (`invalid-rules`) with everything that was found; then nothing was taken
 */
export async function applyRules(
  store: Store,
  files: readonly RuleFile[],
  now: () => number,
): Promise<CurrentRules & { changed: boolean }> {
  // Before anything is written: what is not understood is not kept.
  const understood = understand(0, 0, files);
  const text = filesText(files);
  const applied = await store.transaction(async (trx) => {
    const newest = await trx
      .selectFrom('rule_sets')
      .selectAll()
      .orderBy('revision', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (newest?.files === text || (newest === undefined && files.length === 0))
      return { revision: newest?.revision ?? 0, appliedAt: newest?.applied_at ?? null, changed: false };
    const row: Row<'rule_sets'> = { revision: (newest?.revision ?? 0) + 1, applied_at: now(), files: text };
    await trx.insertInto('rule_sets').values(row).execute();
    const { rules, playbooks } = understood.ruleSet;
    await store.events.appendEvent(trx, {
      kind: 'rules.applied',
      subject: { kind: 'rules', id: String(row.revision) },
      data: {
        revision: row.revision,
        rules: rules.map(({ name }) => name),
        playbooks: playbooks.map(({ name }) => name),
      },
    });
    return { revision: row.revision, appliedAt: row.applied_at, changed: true };
  });
  const { changed, ...place } = applied;
  const current = { ...understood, ...place };
  const cached = compiledFor.get(store);
  if (cached === undefined || cached.revision <= current.revision) compiledFor.set(store, current);
  return { ...current, changed };
}

/**
 * The newest revision, compiled once.
 *
 * @throws RulesError when this version of Athanor does not understand rules that an other one took
 */
export async function currentRules(store: Store): Promise<CurrentRules> {
  const newest = await store.db
    .selectFrom('rule_sets')
    .select('revision')
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (newest === undefined) return none;
  const cached = compiledFor.get(store);
  if (cached?.revision === newest.revision) return cached;
  const row = await store.db
    .selectFrom('rule_sets')
    .selectAll()
    .where('revision', '=', newest.revision)
    .executeTakeFirstOrThrow();
  const files = fromJson(storedFiles, row.files, 'rule_sets.files');
  const current = understand(row.revision, row.applied_at, files);
  compiledFor.set(store, current);
  return current;
}
