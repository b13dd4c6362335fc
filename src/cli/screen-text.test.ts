import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { incidentFilm } from './incident-film.ts';
import { healed, hostile, screen } from './recovery.fixture.ts';
import { colouredScreen, plainScreen, screenBox, screenLine } from './screen-text.ts';
import { ruleSpan, spanText } from './spans.ts';
import { printable } from './terminal.ts';

/** Whatever a terminal obeys, hides or turns around. */
const dangerous = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const reading = screen.reading ?? expect.fail();

describe('text of a screen', () => {
  it('holds nothing that a terminal would obey, hide or turn around, and keeps its cells', () => {
    expect(screenLine(hostile)).toBe('evil\uFFFD[31m\uFFFDgpj.exe\uFFFD\uFFFD\uFFFD2J');
    expect(screenLine('┌─é☺ ░\u00a0')).toBe('┌─é☺ ░\u00a0');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const line = screenLine(text);
        expect(line).not.toMatch(dangerous);
        expect(Array.from(line)).toHaveLength(Array.from(text).length);
      }),
    );
  });

  it('in tables and reports is escaped', () => {
    expect(printable('a\u202eb\u2028c\u200bd\u061ce\u{e0041}')).toBe('a\\u202eb\\u2028c\\u200bd\\u061ce\\ue0041');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(dangerous);
      }),
    );
  });

  it('is printed row by row without the empty end, or in its colours with no other escape sequence', () => {
    expect(plainScreen(reading)).toBe(`r1 login:\n${screenLine(hostile)}\n`);
    const coloured = colouredScreen({ ...reading, columns: 12 });
    expect(coloured).toContain('\u001b[38;2;255;255;255;48;2;0;0;170mevil');
    expect(coloured.split('\n')[0]).toBe('\u001b[38;2;170;170;170;48;2;0;0;0mr1 login: \u001b[0m  ');
    // oxlint-disable-next-line no-control-regex -- the sequences that are ours are taken out
    expect(coloured.replaceAll(/\u001b\[[0-9;]*m|\n/g, '')).not.toMatch(dangerous);
  });

  it('in a box has no empty lines, at most 25, and points at what the rule was found in', () => {
    const lines = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? `line ${index}` : ''));
    const plain = screenBox(lines, { matched: [], colour: false });
    expect(plain).toHaveLength(27);
    expect([plain[0], plain[1], plain.at(-2)]).toEqual(['┌─ (5 more lines)', '│   line 10', '│   line 58']);
    const pointing = screenBox(lines, { matched: ['line 4'], colour: false });
    expect([pointing[1], pointing.length]).toEqual(['│ > line 4', 27]);
    expect(screenBox(['', ' '], { matched: [], colour: false })).toEqual(['(the screen is empty)']);
  });
});

describe('the film of an incident', () => {
  it('tells who, what was seen, which line fitted, what was done, and how long it took', () => {
    expect(incidentFilm(healed, false)).toBe(
      `incident   i-1
machine    r1 (m-1)
signal     heartbeat-missed: last heard 2026-11-21T09:59:57.000Z, missed 2026-11-21T10:00:00.000Z
rule       linux-kernel-panic
operation  op-7
attempts   1
outcome    healed after 42.3 s

     +0.00 s  no heartbeat for 3 s
     +0.20 s  power on, 3 lines
     +0.21 s  the rule linux-kernel-panic fits; its playbook is power-cycle
              power on, frame c0c0c0c0c0c0
              ┌─
              │   ${screenLine(hostile)}
              │ > Kernel panic - not syncing: sysrq triggered crash
              └─
     +0.45 s  power-off-1
     +2.00 s  power-off-1: off
     +42.3 s  healed

fault to detection         unknown; the last heartbeat was 3.00 s before it
detection to first action  0.45 s
detection to resolved      42.3 s
`,
    );
  });

  it('shows the newest look while nothing was decided, and says why nobody acts', () => {
    const [opened, observed] = healed.timeline;
    const film = incidentFilm(
      {
        ...healed,
        state: 'open',
        resolvedAt: null,
        firstActionAt: null,
        outcome: null,
        reason: 'waits for a free place',
        timeline: [opened ?? expect.fail(), observed ?? expect.fail()],
      },
      false,
    );
    expect(film).toContain('outcome    none yet; open: waits for a free place');
    expect(film).toMatch(/the newest look\n +power on, frame c0c0c0c0c0c0\n +┌─\n/);
    expect(film).toMatch(/first action +not yet\n.*resolved +not yet\n$/);
  });

  it('shows a screen that stands still once, and finds the screen of an entry that names none', () => {
    const time = healed.resolvedAt ?? '';
    const failed = { time, kind: 'operation.step.failed', text: 'the screen is not what it was' };
    const escalated = { time, kind: 'incident.escalated', text: 'no rule matches the screen' };
    const film = incidentFilm({ ...healed, state: 'escalated', timeline: [failed, escalated] }, false);
    expect(film.match(/Kernel panic/g)).toHaveLength(1);
    expect(film).toMatch(/is not what it was\n +power on, frame c0c0c0c0c0c0\n +┌─\n/);
    expect(film).toMatch(/no rule matches the screen\n +\(the same screen as at \+[\d.]+ s\)\n/);
  });
});

it('spans are told in the units that fit', () => {
  expect([0, 450, 42_250, 60_000, 310_000, 7_500_000].map(spanText)).toEqual([
    '0.00 s',
    '0.45 s',
    '42.3 s',
    '1 min',
    '5 min 10 s',
    '2 h 5 min',
  ]);
  expect([0, 90_000, 3_600_000, 5_400_000].map(ruleSpan)).toEqual(['0s', '1m30s', '1h', '1h30m']);
});
