import type { FastifyReply, FastifyRequest } from 'fastify';

/** A cookie that only this host's pages over this scheme get, and that comes along when somebody is led back to us. */
export type SecretCookie = {
  /** Undefined where it is not there, twice there, or not what we set. */
  read(request: FastifyRequest): string | undefined;
  set(reply: FastifyReply, value: string): void;
  clear(reply: FastifyReply): void;
};

const secret = /^[A-Za-z0-9_-]{43}$/;

/** @param isHttps  where people reach us; only on a machine of one's own it is not, and browsers know no better there */
export function secretCookie(plainName: string, isHttps: boolean, lifetimeSeconds: number): SecretCookie {
  // The prefix keeps other hosts under our domain from setting it.
  const name = isHttps ? `__Host-${plainName}` : plainName;
  const attributes = `Path=/; HttpOnly; SameSite=Lax${isHttps ? '; Secure' : ''}`;
  return {
    read({ headers }) {
      const found = (headers.cookie ?? '')
        .split(';')
        .map((each) => each.trim())
        .filter((each) => each.startsWith(`${name}=`));
      const value = found[0]?.slice(name.length + 1);
      return found.length === 1 && value !== undefined && secret.test(value) ? value : undefined;
    },
    set: (reply, value) => void reply.header('set-cookie', `${name}=${value}; ${attributes}; Max-Age=${lifetimeSeconds}`),
    clear: (reply) => void reply.header('set-cookie', `${name}=; ${attributes}; Max-Age=0`),
  };
}
