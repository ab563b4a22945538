const offset = 0xcbf29ce484222325n;
const prime = 0x100000001b3n;
const mask = 0xffffffffffffffffn;

/**
 * A short fingerprint of a value made of plain JSON: 16 hex digits, the same for equal values whatever the order of
 * their members; members that are undefined count as absent.
 *
 * It shows that a picture changed since it was drawn (decision 17), by accident of time. It is FNV-1a and no security
 * boundary: somebody who chooses the values can make two of them collide. Rights are looked up again at every click.
 * @throws TypeError for a value that JSON cannot carry.
 */
export function digestOf(value: unknown): string {
  const text = canonical(value);
  let hash = offset;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    hash = ((hash ^ BigInt(unit & 0xff)) * prime) & mask;
    hash = ((hash ^ BigInt(unit >> 8)) * prime) & mask;
  }
  return hash.toString(16).padStart(16, '0');
}

function canonical(value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError('a digest needs finite numbers');
      return JSON.stringify(value);
    case 'undefined':
      return 'null';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? `[${value.map(canonical).join(',')}]` : members(value);
    case 'bigint':
    case 'symbol':
    case 'function':
      throw new TypeError(`a digest cannot hold a ${typeof value}`);
  }
}

function members(value: object): string {
  const entries: [string, unknown][] = Object.entries(value);
  const present = entries.filter(([, each]) => each !== undefined).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${present.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`;
}
