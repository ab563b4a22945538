/** Thrown where a channel that was named cannot be posted in: misspelt, archived, shared, or without the app. It is not tried again as it is. */
export class Unusable extends Error {}
