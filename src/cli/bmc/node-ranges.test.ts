import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandNodeRanges, foldNodeRanges, isOneName } from './node-ranges.ts';

describe('node ranges', () => {
  it('are expanded as written', () => {
    expect(expandNodeRanges(['r1n[08-10]'])).toEqual(['r1n08', 'r1n09', 'r1n10']);
    expect(expandNodeRanges(['n[8-10,12]x', 'a,b', 'a'])).toEqual(['n8x', 'n9x', 'n10x', 'n12x', 'a', 'b']);
    expect(expandNodeRanges(['r[1-2]n[1-2]'])).toEqual(['r1n1', 'r1n2', 'r2n1', 'r2n2']);
    expect(expandNodeRanges(['[::1]:623', 'fe80::1', '10.0.0.[9-10]'])).toEqual([
      '[::1]:623',
      'fe80::1',
      '10.0.0.9',
      '10.0.0.10',
    ]);
  });

  it.each(['n[1-', 'n]1', 'n[[1]]', 'n[a]', 'n[3-1]', 'n[]', 'a,,b', '', 'n[0-99999999]', 'n[1-999]m[1-999]'])(
    'that mean nothing, or too much, are refused: %s',
    (text) => {
      expect(() => expandNodeRanges([text])).toThrow(expect.objectContaining({ code: 'invalid-input' }));
    },
  );

  it('are folded as people write them', () => {
    expect(foldNodeRanges(['n01', 'n02', 'n03', 'n10', 'n09'])).toBe('n[01-03,09-10]');
    expect(foldNodeRanges(['n8', 'n9', 'n10', 'web', 'n12'])).toBe('n[8-10,12],web');
    expect(foldNodeRanges(['n1'])).toBe('n1');
    expect(foldNodeRanges(['n1', 'n01'])).toBe('n[1,01]');
    expect(foldNodeRanges(['127.0.0.1:623', '127.0.0.1:624', 'fe80::1', 'fe80::2'])).toBe(
      '127.0.0.1:[623-624],fe80::1,fe80::2',
    );
  });

  it('expanded again are the same names, whatever the names are', () => {
    const name = fc.stringMatching(/^[a-z]{0,2}\d{0,3}[a-z.-]{0,2}\d{0,2}$/).filter((text) => text !== '');
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 30 }), (names) => {
        expect(expandNodeRanges([foldNodeRanges(names)]).toSorted()).toEqual(names.toSorted());
      }),
    );
  });

  it('know one plain name from several', () => {
    expect([['n1'], ['[::1]:623'], ['n[1-1]'], ['a,b'], ['a', 'b']].map(isOneName)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
