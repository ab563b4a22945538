import { fastify, type FastifyInstance } from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { hashKey } from '../src/store/keys.ts';
import { type Engine, org } from './engine.ts';

const bearer = `select k.id, k.scopes, p.id as person, p.email from api_keys k join people p on p.org = k.org and p.id = k.person_id
  where k.org = $1 and k.hash = $2 and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())`;

/**
 * The least that is done with such a call where nothing is shared between calls: a Fastify that looks the key up with one
 * statement of the call's own, checks the body, and does the one thing.
 */
export async function openBareApp(
  { pool }: Engine,
  route: { readonly path: string; readonly body: z.ZodType; readonly answer: () => Promise<object> },
  stack: AsyncDisposableStack,
): Promise<FastifyInstance> {
  const app = fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(() => (body) => JSON.stringify(body));
  app.addHook('onRequest', async (request, reply) => {
    const key = request.headers.authorization?.slice('Bearer '.length) ?? '';
    const { rowCount } = await pool.query({ name: 'bare-bearer', text: bearer, values: [org, hashKey(key)] });
    return rowCount === 1 ? undefined : reply.code(401).send({});
  });
  const schema = { params: z.object({ org: z.string() }), body: route.body };
  app.withTypeProvider<ZodTypeProvider>().post(`/o/:org${route.path}`, { schema }, () => route.answer());
  stack.defer(() => app.close());
  await app.ready();
  return app;
}
