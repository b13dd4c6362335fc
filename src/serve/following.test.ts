import { expect, it } from 'vitest';
import { followHistory } from './following.ts';

it('follows the history until it is told to stop, and derives the boot data anew after the database was away', async () => {
  const stop = new AbortController();
  const calls: string[] = [];
  const logged: string[] = [];
  const directory = {
    load: () => {
      calls.push('load');
      return calls.length < 4 ? Promise.reject(new Error('still away')) : Promise.resolve();
    },
    follow: (signal: AbortSignal, changed: (machineId: string) => void) => {
      calls.push('follow');
      if (calls.length === 1) return Promise.reject(new Error('the connection is lost'));
      changed('m1');
      expect(signal).toBe(stop.signal);
      stop.abort();
      return Promise.resolve();
    },
  };
  const wakeups = { wake: (machineId: string) => void calls.push(`wake ${machineId}`) };
  const logger = { error: (_fields: object, message: string) => void logged.push(message) };
  await followHistory(directory, wakeups, logger, stop.signal, 1);
  expect(calls).toEqual(['follow', 'load', 'load', 'load', 'follow', 'wake m1']);
  expect(logged).toHaveLength(3);
});

it('says nothing when it is stopped in the middle', async () => {
  const stop = new AbortController();
  const logged: string[] = [];
  const directory = {
    load: () => Promise.resolve(),
    follow: () => {
      stop.abort();
      return Promise.reject(new Error('stopped'));
    },
  };
  await followHistory(directory, { wake: () => undefined }, { error: () => void logged.push('x') }, stop.signal, 1);
  expect(logged).toEqual([]);
});
