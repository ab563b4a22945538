/** Are two values of plain JSON equal, whatever the order of their members? A member that is undefined counts as absent. */
export function isSameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other))
    return (
      Array.isArray(one) &&
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((each, index) => isSameJson(each, other[index]))
    );
  const [members, others] = [present(one), present(other)];
  return members.size === others.size && [...members].every(([name, each]) => others.has(name) && isSameJson(each, others.get(name)));
}

const present = (value: object): Map<string, unknown> => new Map(Object.entries(value).filter(([, each]) => each !== undefined));
