import { digestOf } from './digest.ts';

/** Slack takes at most 150 characters as the value of an option. */
const longest = 150;

/**
 * What stands for a name where a choice travels through a form: the name itself, or its digest where it could not. No two
 * names of one list have the same by accident, and whoever gets it back looks for the name that has it.
 */
export const optionKey = (name: string): string =>
  name === '' || name.length > longest || name.startsWith('#') || !name.isWellFormed() ? `#${digestOf(name)}` : name;
