import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeCpio } from './index.ts';

test('every member starts on a multiple of four and the whole is a multiple of four', () => {
  const names = fc.stringMatching(/^[a-z]{1,9}$/);
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(names, fc.uint8Array({ maxLength: 9 })), { selector: ([n]) => n }), (files) => {
      const archive = encodeCpio(files.map(([path, data]) => ({ path, mode: 0o600, data })));
      expect(archive.length % 4).toBe(0);
      let at = 0;
      const seen: string[] = [];
      while (at < archive.length) {
        expect(archive.toString('ascii', at, at + 6)).toBe('070701');
        const field = (index: number) =>
          Number.parseInt(archive.toString('ascii', at + 6 + index * 8, at + 14 + index * 8), 16);
        const nameEnd = at + 110 + field(11);
        seen.push(archive.toString('utf8', at + 110, nameEnd - 1));
        const data = Math.ceil(nameEnd / 4) * 4;
        at = Math.ceil((data + field(6)) / 4) * 4;
      }
      expect(seen).toEqual([...files.map(([path]) => path), 'TRAILER!!!']);
    }),
  );
});

test('a path that leaves the root, or stands twice, is refused', () => {
  expect(() => encodeCpio([{ path: '../etc/shadow', mode: 0o600, data: '' }])).toThrow(RangeError);
  expect(() => encodeCpio([{ path: '/', mode: 0o600, data: '' }])).toThrow(RangeError);
  const twice = { path: 'a', mode: 0o600, data: '' };
  expect(() => encodeCpio([twice, twice])).toThrow(RangeError);
});
