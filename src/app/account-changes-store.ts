/** That something changed of an account of the workspace: Slack says so to one process, and all must know. */
import type { Org } from '../domain/ids.ts';

export type AccountChanges = {
  /** Stands for the latest change within the last hour; undefined where there was none. What was read under another mark is out of date. */
  mark(org: Org, account: string): Promise<string | undefined>;
  /** Puts down a change, and has the account's home tab looked at. */
  add(org: Org, account: string): Promise<void>;
  /** Deletes at most so many that are older than an hour. @returns how many */
  forget(limit: number): Promise<number>;
};
