import { expect, it } from 'vitest';
import { wordsOfCommand } from './helper-words.ts';

it.each([
  ['bw get password {host}', ['bw', 'get', 'password', '{host}']],
  [`pass "my rack/{host}"  'a b'c\\ d`, ['pass', 'my rack/{host}', 'a bc d']],
  [`sh -c 'pass x | head -1'`, ['sh', '-c', 'pass x | head -1']],
  [`a "say \\"b\\"" ''`, ['a', 'say "b"', '']],
])('%s is read as a shell reads it', (command, words) => {
  expect(wordsOfCommand(command)).toEqual(words);
});

it.each(['pass x | head', 'pass $X', 'pass `x`', 'pass "$X"', 'a; b', 'a > b', `pass 'x`, 'pass "x', '', '  '])(
  '%s needs a shell or means nothing, and is refused',
  (command) => {
    expect(() => wordsOfCommand(command)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
  },
);
