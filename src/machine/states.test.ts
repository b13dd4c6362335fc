import { describe, expect, it } from 'vitest';
import { allows, leadsTo, machineStates, type MachineState, type MachineVerb, stateTable } from './states.ts';

/** The design's table, written down a second time so that a slip in the code's table shows. */
const design: Record<MachineState, MachineState[]> = {
  discovered: ['inspecting', 'retired'],
  inspecting: ['free', 'allocated', 'failed'],
  free: ['allocated', 'inspecting', 'wiping', 'retired'],
  allocated: ['deploying', 'free'],
  deploying: ['active', 'failed'],
  active: ['deploying', 'recovering', 'releasing', 'failed'],
  recovering: ['active', 'failed'],
  failed: ['deploying', 'recovering', 'inspecting', 'releasing', 'quarantined'],
  releasing: ['wiping', 'failed'],
  wiping: ['free', 'quarantined', 'failed'],
  quarantined: ['wiping', 'inspecting', 'retired'],
  retired: ['discovered'],
};

/** The state a verb begins with. */
const verbLeadsTo: Record<Exclude<MachineVerb, 'abort'>, MachineState[]> = {
  inspect: ['inspecting'],
  allocate: ['allocated'],
  deploy: ['deploying', 'allocated'],
  adopt: ['active'],
  recover: ['recovering'],
  release: ['releasing', 'free'],
  wipe: ['wiping'],
  quarantine: ['quarantined'],
  retire: ['retired'],
  register: ['discovered'],
};

describe('the state table', () => {
  it('is the design', () => {
    for (const state of machineStates) expect([...stateTable[state].next].sort()).toEqual([...design[state]].sort());
  });

  it('gives every waiting state a deadline, a failure edge, an abort and words for what it waits for', () => {
    const waiting = machineStates.filter((state) => state.endsWith('ing'));
    expect(waiting).toEqual(['inspecting', 'deploying', 'recovering', 'releasing', 'wiping']);
    for (const state of waiting) {
      const row = stateTable[state];
      expect(row.waiting?.deadlineMs).toBeGreaterThan(0);
      expect(row.waiting?.waitsFor).toMatch(/\w/);
      expect(row.next).toContain(row.waiting?.onFailure);
      expect(row.next).toContain(row.waiting?.onAbort);
      expect(allows(state, 'abort')).toBe(true);
    }
    for (const state of machineStates) if (!waiting.includes(state)) expect(stateTable[state].waiting).toBeUndefined();
  });

  it('lets every state be left, and every state be reached', () => {
    for (const state of machineStates) {
      expect(stateTable[state].next.length).toBeGreaterThan(0);
      expect(machineStates.some((other) => leadsTo(other, state))).toBe(true);
    }
  });

  it('has a verb only where an edge lets it begin', () => {
    for (const state of machineStates) {
      for (const verb of stateTable[state].verbs) {
        if (verb === 'abort') continue;
        expect(
          verbLeadsTo[verb].some((to) => leadsTo(state, to)),
          `${verb} in ${state}`,
        ).toBe(true);
      }
    }
  });

  it('tells a machine with an installed system to boot its disk, and one in quarantine nothing', () => {
    expect(stateTable.active.netboot).toBe('local-disk');
    expect(stateTable.quarantined.netboot).toBe('silent');
    expect(stateTable.retired.netboot).toBe('silent');
  });
});
