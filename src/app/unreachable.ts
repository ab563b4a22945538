/** Thrown where nobody would read a message: its person has no account there. No fault, and nothing to try again at once. */
export class Unreachable extends Error {}
