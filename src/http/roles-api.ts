import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RoleBinding } from '../app/settings-store.ts';
import type { UseCases } from '../app/use-cases.ts';
import { roles } from '../domain/role.ts';
import { callerOf } from './auth.ts';
import { answers, operation } from './operation.ts';
import { sendResult } from './send-result.ts';
import { text } from './text.ts';

const params = z.object({ org: z.string() });
const named = params.extend({ role: z.enum(roles), name: text(254) });
const bindingSchema = z
  .object({
    role: z.enum(roles),
    type: z.enum(['user', 'group']),
    name: z.string().describe('An e-mail address, or `directory/id` of a group'),
    source: z.enum(['configuration', 'api']),
  })
  .meta({ id: 'RoleBinding' });
const done = z.null().describe('Done');

/** Who has which role. `PUT` and `DELETE` come without a body. */
export function serveRoles(scope: FastifyInstance, useCases: UseCases): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  const about = (id: string, summary: string) => operation(id, 'Settings', 'settings', summary);

  routes.get(
    '/settings/roles',
    {
      schema: {
        ...about('listRoles', 'List who has which role'),
        params,
        ...answers({ 200: z.object({ items: z.array(bindingSchema) }) }),
      },
    },
    async (request, reply) =>
      sendResult(request, reply, await useCases.roles.list(callerOf(request)), (items) => ({ items: items.map(bindingJson) })),
  );

  for (const [kind, word] of [
    ['user', 'User'],
    ['group', 'Group'],
  ] as const) {
    const path = `/settings/roles/:role/bindings/${kind}s/:name`;
    routes.put(
      path,
      { schema: { ...about(`bind${word}`, `Give a ${kind} a role`), params: named, ...answers({ 201: done, 204: done }) } },
      async (request, reply) => {
        const { role, name } = request.params;
        const result = await useCases.roles.bind(callerOf(request), role, { kind, name });
        return result.ok && result.value.made ? reply.code(201).send() : sendResult(request, reply, result, () => undefined);
      },
    );
    routes.delete(
      path,
      { schema: { ...about(`unbind${word}`, `Take a role from a ${kind}`), params: named, ...answers({ 204: done }) } },
      async (request, reply) => {
        const { role, name } = request.params;
        return sendResult(request, reply, await useCases.roles.unbind(callerOf(request), role, { kind, name }), () => undefined);
      },
    );
  }
}

function bindingJson({ role, holder, source }: RoleBinding): z.input<typeof bindingSchema> {
  return { role, type: holder.kind, name: holder.kind === 'user' ? holder.email : holder.group, source };
}
