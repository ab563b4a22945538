import { fastify, type FastifyInstance } from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';

/** The least that could be done with such a call: a Fastify that looks the key up, checks the body, and does the one thing. */
export async function openBareApp(
  route: {
    readonly path: string;
    readonly body: z.ZodType;
    readonly authenticate: (key: string) => Promise<object | undefined>;
    readonly answer: () => Promise<object>;
  },
  stack: AsyncDisposableStack,
): Promise<FastifyInstance> {
  const app = fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(() => (body) => JSON.stringify(body));
  app.addHook('onRequest', async (request, reply) => {
    const found = await route.authenticate(request.headers.authorization?.slice('Bearer '.length) ?? '');
    return found === undefined ? reply.code(401).send({}) : undefined;
  });
  const schema = { params: z.object({ org: z.string() }), body: route.body };
  app.withTypeProvider<ZodTypeProvider>().post(`/o/:org${route.path}`, { schema }, () => route.answer());
  stack.defer(() => app.close());
  await app.ready();
  return app;
}
