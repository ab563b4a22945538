import type { App } from '@slack/bolt';
import { expect, it, vi } from 'vitest';
import { watchDeliveries } from '../../src/slack/deliveries.ts';

type Middleware = (args: { body: object; ack: () => Promise<void>; next: () => Promise<void> }) => Promise<void>;

function watched() {
  const used: Middleware[] = [];
  const app = { use: (middleware: Middleware) => void used.push(middleware) } as unknown as App;
  watchDeliveries(app, { info: vi.fn(), warn: vi.fn(), error: vi.fn() }, () => 0);
  const acks = vi.fn(async () => {});
  const deliver = async (next: () => Promise<void>): Promise<void> =>
    used[0]?.({ body: { event_id: 'Ev1', event: { type: 'function_executed' } }, ack: acks, next });
  return { deliver, acks };
}

it('tries again what failed', async () => {
  const { deliver } = watched();
  const next = vi.fn(async () => {});
  await expect(deliver(() => Promise.reject(new Error('no database')))).rejects.toThrow('no database');
  await deliver(next);
  await deliver(next);
  expect(next).toHaveBeenCalledOnce();
});

it('acknowledges the repeat of a step when the first is on record, and not before', async () => {
  const { deliver, acks } = watched();
  const first = Promise.withResolvers<void>();
  const working = deliver(() => first.promise);
  const repeated = deliver(async () => {});
  await new Promise((resolve) => setImmediate(resolve));
  expect(acks).not.toHaveBeenCalled();
  first.resolve();
  await Promise.all([working, repeated]);
  expect(acks).toHaveBeenCalledOnce();
});

it('does not acknowledge the repeat of a step that fails', async () => {
  const { deliver, acks } = watched();
  const first = Promise.withResolvers<void>();
  const working = deliver(() => first.promise);
  const repeated = deliver(async () => {});
  first.reject(new Error('no database'));
  await expect(working).rejects.toThrow('no database');
  await expect(repeated).rejects.toThrow('no database');
  expect(acks).not.toHaveBeenCalled();
});
