import { expect, test } from 'vitest';
import { z } from 'zod';
import { fromJson, parseJson, toJson } from './json.ts';

test('reads back what it wrote, checked', () => {
  expect(fromJson(z.object({ a: z.number() }), toJson({ a: 1 }), 't.c')).toEqual({ a: 1 });
});

test('names the column of a document that does not fit or is none', () => {
  expect(() => fromJson(z.object({ a: z.number() }), '{"a":"1"}', 'machines.failure')).toThrow('machines.failure');
  expect(() => parseJson('{', 'machines.failure')).toThrow('machines.failure is not JSON');
});
