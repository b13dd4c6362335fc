import { expect, test } from 'vitest';
import { Bell, subscribeToEvents } from './event-subscription.ts';

const never = new AbortController().signal;

test('a subscription ends when the store closes under its look, as under its wait', async () => {
  const bell = new Bell();
  const looking = Promise.withResolvers<{ sequence: number }[]>();
  const next = subscribeToEvents(() => looking.promise, bell, 0, never).next();
  bell.close();
  looking.reject(new Error('the database is closed'));
  expect(await next).toEqual({ done: true, value: undefined });
});

test('a look that fails while the store is open fails the subscription', async () => {
  const failed = subscribeToEvents(() => Promise.reject(new Error('no connection')), new Bell(), 0, never).next();
  await expect(failed).rejects.toThrow('no connection');
});
