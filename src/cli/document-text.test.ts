import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { jsonText } from './json-text.ts';
import { yamlText } from './yaml-text.ts';

const evil = {
  name: 'a\u009b31mb\u007f\u001b]0;c\u0007',
  turned: ['x\u202ey', 'plain: text', '\u2028'],
  'key\u0085': 1,
};

it.each([
  { format: 'JSON', text: (value: unknown) => jsonText(value, 2), read: (text: string): unknown => JSON.parse(text) },
  { format: 'YAML', text: yamlText, read: (text: string): unknown => parse(text) },
])('$format says every character, and none that a terminal obeys', ({ text, read }) => {
  expect(text(evil)).toMatch(/^[ -~\n]*$/);
  expect(read(text(evil))).toEqual(evil);
});
