import { digestOf } from './digest.ts';

/** Slack's page says that an option's value may have 150 characters, its types say 75. */
const longest = 75;
/** What is left of it beside a request's id and the dot between them. */
const longestBesideId = longest - 37;

/**
 * What stands for a name where a choice travels through a form: the name itself, or its digest where it could not. No two
 * names of one list have the same by accident, and whoever gets it back looks for the name that has it.
 */
export const optionKey = (name: string): string => keyWithin(name, longest);

/** The same where a request's id travels with it. */
export const besideIdKey = (name: string): string => keyWithin(name, longestBesideId);

const keyWithin = (name: string, most: number): string =>
  name === '' || name.length > most || name.startsWith('#') || !name.isWellFormed() ? `#${digestOf(name)}` : name;
