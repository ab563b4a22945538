import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RoleBinding } from '../app/settings-store.ts';
import type { UseCases } from '../app/use-cases.ts';
import { type Role, roles } from '../domain/role.ts';
import { callerOf } from './auth.ts';
import { conditional, ifMatch, tagged, tagVersion } from './entity-tag.ts';
import { answers, operation } from './operation.ts';
import { sendResult } from './send-result.ts';
import { text } from './text.ts';

const params = z.object({ org: z.string() });
const named = params.extend({ role: z.enum(roles), name: text(254) });
const bindingSchema = z
  .object({
    role: z.enum(roles),
    type: z.enum(['user', 'group']),
    name: z.string().describe('An e-mail address as it was last written, or `directory/id` of a group'),
    source: z.enum(['configuration', 'api']),
  })
  .meta({ id: 'RoleBinding' });
const done = z.null().describe('Done');
const versioned =
  'Bindings are among the settings: `ETag` is the version of all settings, and a change from another one than `If-Match` is refused with 412.';

/** Who has which role. `PUT` and `DELETE` come without a body. */
export function serveRoles(scope: FastifyInstance, useCases: UseCases): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  const about = (id: string, summary: string) => operation(id, 'Settings', 'settings', summary, versioned);

  routes.get(
    '/settings/roles',
    {
      schema: {
        ...about('listRoles', 'List who has which role'),
        ...tagged,
        params,
        ...answers({ 200: z.object({ items: z.array(bindingSchema) }) }),
      },
    },
    async (request, reply) => {
      const result = await useCases.roles.list(callerOf(request));
      tagVersion(reply, result);
      return sendResult(request, reply, result, (found) => ({ items: found.roles.map(bindingJson) }));
    },
  );

  for (const [kind, word] of [
    ['user', 'User'],
    ['group', 'Group'],
  ] as const) {
    const path = `/settings/roles/:role/bindings/${kind}s/:name`;
    routes.put(
      path,
      { schema: { ...about(`bind${word}`, `Give a ${kind} a role`), ...conditional, params: named, ...answers({ 201: done, 204: done }) } },
      async (request, reply) => {
        const { role, name } = request.params;
        const result = await useCases.roles.bind(callerOf(request), role, { kind, name }, ifMatch(request));
        tagVersion(reply, result);
        return result.ok && result.value.made ? reply.code(201).send() : sendResult(request, reply, result, () => undefined);
      },
    );
    routes.delete(
      path,
      { schema: { ...about(`unbind${word}`, `Take a role from a ${kind}`), ...conditional, params: named, ...answers({ 204: done }) } },
      async (request, reply) => {
        const { role, name } = request.params;
        const result = await useCases.roles.unbind(callerOf(request), role, { kind, name }, ifMatch(request));
        tagVersion(reply, result);
        return sendResult(request, reply, result, () => undefined);
      },
    );
  }
}

function bindingJson({ role, holder, source }: RoleBinding): z.input<typeof bindingSchema> {
  return { role, type: holder.kind, name: holder.kind === 'user' ? holder.shown : holder.group, source };
}

const holdersSchema = z.object({ users: z.array(z.string()), groups: z.array(z.string()) });
const ofRole = z.object({ bindings: holdersSchema }).meta({ id: 'BindingsOfRole' });

/** By role, nested as the paths are that change them: `roles/{role}/bindings/users/{name}`. */
export const rolesSchema = z
  .object({ owner: ofRole, manager: ofRole, viewer: ofRole, iamOwner: ofRole, iamViewer: ofRole } satisfies Record<Role, typeof ofRole>)
  .meta({ id: 'RoleBindings' });

export function rolesJson(bindings: readonly RoleBinding[]): z.input<typeof rolesSchema> {
  const of = (role: Role) => {
    const named = bindings.filter((each) => each.role === role).map(bindingJson);
    const names = (type: 'user' | 'group') => named.filter((each) => each.type === type).map(({ name }) => name);
    return { bindings: { users: names('user'), groups: names('group') } };
  };
  return { owner: of('owner'), manager: of('manager'), viewer: of('viewer'), iamOwner: of('iamOwner'), iamViewer: of('iamViewer') };
}
