/** What is kept of Slack's deliveries, so that one that comes twice, also after a restart or to another replica, has one effect. */
import type { Org } from '../domain/ids.ts';

export type DeliveryStore = {
  /** @param key 32 bytes that stand for the delivery. @returns true for the first who asks, false for all others within the hour */
  claim(org: Org, key: Uint8Array): Promise<boolean>;
  /** Deletes at most so many that are older than an hour. @returns how many */
  forget(limit: number): Promise<number>;
};
