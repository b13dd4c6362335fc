import { describe, expect, it } from 'vitest';
import { storeFixture } from '../../store/testing/store-fixture.ts';
import { RulesError } from '../rules/findings.ts';
import { applyRules, currentRules } from './rule-sets.ts';

const panicRules = (pattern = 'Kernel panic'): { name: string; text: string }[] => [
  {
    name: 'panic.yaml',
    text: `rules:
  - name: panic
    when:
      screen: '${pattern}'
    playbook: power-cycle
playbooks:
  - name: power-cycle
    steps:
      - power: cycle
      - wait-for-heartbeat: 5m
`,
  },
];

describe('the rules in force', () => {
  const stores = storeFixture('sqlite');
  let time = 1_000;
  const now = (): number => time;

  it('are none before any was applied', async () => {
    const store = await stores.open();
    const current = await currentRules(store);
    expect(current).toMatchObject({ revision: 0, appliedAt: null, files: [], ruleSet: { rules: [], playbooks: [] } });
    expect(current.compiled.match(['Kernel panic'])).toBeUndefined();
  });

  it('are the newest set as a whole, and every set before is kept', async () => {
    const store = await stores.open();
    await applyRules(store, panicRules(), now);
    time += 5;
    const second = await applyRules(store, panicRules('end Kernel panic'), now);
    expect(second).toMatchObject({ revision: 2, appliedAt: time, changed: true });
    const current = await currentRules(store);
    expect(current.compiled.match(['a Kernel panic'])).toBeUndefined();
    expect(current.compiled.match(['the end Kernel panic'])?.rule.name).toBe('panic');
    expect(await store.db.selectFrom('rule_sets').select('revision').orderBy('revision').execute()).toEqual([
      { revision: 1 },
      { revision: 2 },
    ]);
    const events = await store.events.listEvents({ after: 0, limit: 10 });
    expect(events.map(({ kind, data }) => [kind, data])).toEqual([
      ['rules.applied', { revision: 1, rules: ['panic'], playbooks: ['power-cycle'] }],
      ['rules.applied', { revision: 2, rules: ['panic'], playbooks: ['power-cycle'] }],
    ]);
  });

  it('stay as they are when the same files come again, and may be taken away', async () => {
    const store = await stores.open();
    expect(await applyRules(store, [], now)).toMatchObject({ revision: 0, changed: false });
    await applyRules(store, panicRules(), now);
    expect(await applyRules(store, panicRules(), now)).toMatchObject({ revision: 1, changed: false });
    expect(await applyRules(store, [], now)).toMatchObject({ revision: 2, changed: true });
    expect((await currentRules(store)).ruleSet.rules).toEqual([]);
  });

  it('are refused whole, with everything that was found', async () => {
    const store = await stores.open();
    const bad = [...panicRules('('), { name: 'b.yaml', text: 'rules:\n  - nonsense: 1\n' }];
    const thrown: unknown = await applyRules(store, bad, now).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(RulesError);
    const { code, findings } = thrown as RulesError;
    expect(code).toBe('invalid-rules');
    expect(new Set(findings.map(({ file }) => file))).toEqual(new Set(['panic.yaml', 'b.yaml']));
    expect(await store.db.selectFrom('rule_sets').selectAll().execute()).toEqual([]);
    expect(await store.events.newestSequence()).toBe(0);
  });

  it('are read from the store by another process', async () => {
    const options = await stores.freshOptions();
    const store = await stores.open(options);
    await applyRules(store, panicRules(), now);
    await store.close();
    const again = await stores.open(options);
    expect((await currentRules(again)).compiled.match(['Kernel panic'])?.playbook.name).toBe('power-cycle');
  });
});
