import { App, type AppOptions } from '@slack/bolt';

type Incoming = Parameters<App['processEvent']>[0];
export type RecordChange = (userId: string) => Promise<void>;

/**
 * Bolt acknowledges an event before anybody hears of it, and Slack does not send again what was acknowledged. That an account
 * changed is on record before: what is not comes again.
 */
export class RecordingApp extends App {
  readonly #record: RecordChange;

  constructor(options: AppOptions, record: RecordChange) {
    super(options);
    this.#record = record;
  }

  override async processEvent(incoming: Incoming): Promise<void> {
    const userId = changedUser(incoming.body);
    if (userId !== undefined) await this.#record(userId);
    await super.processEvent(incoming);
  }
}

function changedUser({ event }: Incoming['body']): string | undefined {
  if (typeof event !== 'object' || event === null || !('type' in event) || event.type !== 'user_change') return undefined;
  const user: unknown = 'user' in event ? event.user : undefined;
  return typeof user === 'object' && user !== null && 'id' in user && typeof user.id === 'string' ? user.id : undefined;
}
