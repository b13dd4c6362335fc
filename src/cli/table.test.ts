import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Column, displayWidth, renderTable } from './table.ts';
import { parseServer } from './pinned-connection.ts';

const columns: Column<Record<string, string | null>>[] = [
  { header: 'NAME', value: ({ name }) => name },
  { header: 'NOTE', value: ({ note }) => note, style: () => 'red' },
  { header: 'ID', value: ({ id }) => id, wide: true },
];
const plain = { wide: false, width: undefined, colour: false };

describe('a table', () => {
  it('is aligned, shows a dash for nothing, and the wide columns only when asked', () => {
    const rows = [
      { name: 'r1', note: null, id: 'm-1' },
      { name: 'a-longer-name', note: 'hello', id: 'm-2' },
    ];
    expect(renderTable(rows, columns, plain)).toBe('NAME           NOTE\nr1             -\na-longer-name  hello\n');
    expect(renderTable(rows, columns, { ...plain, wide: true })).toContain('ID\n');
  });

  it('counts cells of the terminal, not letters', () => {
    expect(displayWidth('日本')).toBe(4);
    expect(displayWidth('é')).toBe(1);
    expect(renderTable([{ name: '日本', note: 'x', id: '' }], columns, plain)).toBe('NAME  NOTE\n日本  x\n');
  });

  it('fits the terminal whatever is in it, and no control character gets through', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        fc.integer({ min: 30, max: 100 }),
        (name, note, width) => {
          const lines = renderTable([{ name, note, id: '' }], columns, { ...plain, width })
            .slice(0, -1)
            .split('\n');
          expect(lines).toHaveLength(2);
          for (const line of lines) {
            expect(displayWidth(line)).toBeLessThanOrEqual(width);
            // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
            expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
          }
        },
      ),
    );
  });

  it('has colour only where it is wanted', () => {
    expect(renderTable([{ name: 'a', note: 'b', id: '' }], columns, { ...plain, colour: true })).toContain(
      '\u001b[31mb',
    );
  });
});

describe('a server', () => {
  it.each([
    ['https://rack.example', 'https://rack.example:8443', { host: 'rack.example', port: 8443 }],
    ['rack.example:9000', 'https://rack.example:9000', { host: 'rack.example', port: 9000 }],
    ['https://[::1]:443', 'https://[::1]:443', { host: '::1', port: 443 }],
    ['unix:/run/athanor/api.sock', 'unix:/run/athanor/api.sock', { path: '/run/athanor/api.sock' }],
  ])('%s', (text, normal, connect) => {
    expect(parseServer(text)).toMatchObject({ text: normal, connect });
  });

  it.each(['http://rack.example', 'unix:run/api.sock', 'https://rack.example/api', 'https://a b'])('not %s', (text) => {
    expect(() => parseServer(text)).toThrow(expect.objectContaining({ code: 'invalid-input', value: text }));
  });
});
