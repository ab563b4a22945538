import { inspect } from 'node:util';

const hidden = '[redacted]';

/** A text that logs, errors and dumps must not hold (I13): however it is printed, it stays hidden. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself: call it where the text is used, and pass the Secret everywhere else. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return hidden;
  }

  toJSON(): string {
    return hidden;
  }

  [inspect.custom](): string {
    return hidden;
  }
}

/** Bytes that print as a Secret does, and are an ordinary Buffer otherwise. */
export function hideBytes(bytes: Buffer): Buffer {
  const value = () => hidden;
  return Object.defineProperties(bytes, { toJSON: { value }, [inspect.custom]: { value } });
}
