import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Event, JsonValue } from '../../store/index.ts';
import { spanInWords } from './in-words.ts';
import { operationKinds, timelineOf } from './timeline.ts';

let sequence = 0;
function event(kind: string, data: JsonValue = {}, time = 10_000): Event {
  sequence += 1;
  return { sequence, time, kind, subject: { kind: 'incident', id: 'i' }, operationId: null, data };
}
const sentence = (kind: string, data: JsonValue = {}): string | undefined =>
  timelineOf([event(kind, data)], [])[0]?.text;

describe('the film', () => {
  it.each<[string, JsonValue, string]>([
    ['incident.opened', { silentSince: 7_000 }, 'The machine fell silent: its last heartbeat came 3 s before.'],
    [
      'incident.observed',
      { power: 'off', text: null, problem: 'no console' },
      'Looked: power off, no screen was read (no console).',
    ],
    ['incident.observed', { power: 'on', text: 'a\n\ngrub> \n' }, 'Looked: power on, the screen ends with “grub>”.'],
    ['incident.observed', { power: 'unknown', text: '' }, 'Looked: power unknown, the screen is empty.'],
    [
      'incident.held',
      { reason: '12 of 20 machines fell silent together' },
      'Automation keeps its hands off: 12 of 20 machines fell silent together.',
    ],
    ['incident.escalated', { reason: 'no rule fits' }, 'A person is needed: no rule fits.'],
    [
      'incident.action',
      { action: 'power off', step: 'power-off-1' },
      'Done to the machine: power off (step power-off-1).',
    ],
    [
      'incident.resolved',
      { outcome: 'returned', reason: 'its heartbeat is back' },
      'It came back: its heartbeat is back.',
    ],
    ['operation.step.started', { step: 'power-off-1', tries: 2 }, 'Step power-off-1 begins, try 2.'],
    [
      'operation.step.done',
      { step: 'power-off-1', evidence: { skipped: 'the machine is back' } },
      'Step power-off-1 was left out: the machine is back.',
    ],
    [
      'operation.step.done',
      { step: 'power-off-1', recovered: true },
      'Step power-off-1 is done, found so after an interruption.',
    ],
    [
      'operation.step.failed',
      { step: 'keys-1', message: 'It changed. Look.' },
      'Step keys-1 failed: It changed. Look.',
    ],
    ['something.new', {}, 'something.new'],
  ])('tells %s %j', (kind, data, text) => {
    expect(sentence(kind, data)).toBe(text);
  });

  it('tells something of whatever an older or newer version wrote', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(
          ...operationKinds,
          'incident.opened',
          'incident.observed',
          'incident.matched',
          'incident.resolved',
        ),
        fc.oneof(fc.jsonValue(), fc.record({ reason: fc.jsonValue(), lines: fc.jsonValue(), text: fc.jsonValue() })),
        (kind, data) => {
          expect(sentence(kind, data as JsonValue)).toMatch(/\S.*\.$/s);
        },
      ),
    );
  });

  it('tells each look once, before what was decided on it', () => {
    const look = {
      machineId: 'm',
      incidentId: 'i',
      power: 'on',
      frameId: null,
      problem: null,
      reading: { font: 'f', columns: 80, rows: 25, lines: ['$'], confidence: 1, cursor: null },
    } as const;
    const entries = timelineOf(
      [event('incident.observed', { observation: 'one', power: 'on', text: '$' }, 5), event('incident.acting', {}, 9)],
      [
        { ...look, id: 'one', time: 5 },
        { ...look, id: 'two', time: 9 },
      ],
    );
    expect(entries.map(({ kind, observation }) => [kind, observation])).toEqual([
      ['incident.observed', 'one'],
      ['observation', 'two'],
      ['incident.acting', undefined],
    ]);
  });
});

it.each([
  [0, '0 ms'],
  [900, '900 ms'],
  [3_000, '3 s'],
  [90_000, '1 min 30 s'],
  [3_600_000, '1 h'],
  [90_061_000, '1 d 1 h'],
])('says %i ms as %s', (ms, words) => {
  expect(spanInWords(ms)).toBe(words);
});
