import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { DurationSetting } from '../app/settings.ts';
import type { AllSettings } from '../app/settings-store.ts';
import type { UseCases } from '../app/use-cases.ts';
import type { Duration } from '../domain/duration.ts';
import type { ExpiryOption } from '../domain/settings.ts';
import { callerOf } from './auth.ts';
import { conditional, ifMatch, tagged, tagVersion } from './entity-tag.ts';
import { answers, operation } from './operation.ts';
import { rolesJson, rolesSchema } from './roles-api.ts';
import { sendResult } from './send-result.ts';

const params = z.object({ org: z.string() });
const durationSchema = z.object({ time: z.int().min(1).max(999_999), unit: z.enum(['s', 'm', 'h', 'd', 'w']) }).meta({ id: 'Duration' });
const approvalsSchema = z.object({ allowOneParty: z.boolean(), requireReason: z.boolean() }).meta({ id: 'DefaultApprovals' });
const optionsSchema = z.array(durationSchema.extend({ value: z.string() }).meta({ id: 'ExpiryOption' }));
const settingsSchema = z
  .object({
    expiryOptions: optionsSchema,
    approvableDuration: durationSchema,
    maxAccessDuration: durationSchema,
    standingAccessDuration: durationSchema,
    defaultApprovals: approvalsSchema,
    roles: rolesSchema,
  })
  .meta({ id: 'Settings' });

const nothing = z.null().describe('Done');
const versioned =
  'Answers carry the version of all settings, role bindings among them, as `ETag`; a change takes it back as `If-Match`, and is refused with 412 where it is old.';
const about = (id: string, summary: string, description?: string) =>
  operation(id, 'Settings', 'settings', summary, description === undefined ? versioned : `${description} ${versioned}`);

/** The JIT settings, as P0's Management API has them, and what it lacks: reading them back. */
export function serveSettings(scope: FastifyInstance, useCases: UseCases): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();

  routes.get(
    '/settings',
    {
      schema: {
        ...about('readSettings', 'Read all settings, and who has which role'),
        ...tagged,
        params,
        ...answers({ 200: settingsSchema }),
      },
    },
    async (request, reply) => {
      const result = await useCases.settings.read(callerOf(request));
      tagVersion(reply, result);
      return sendResult(request, reply, result, settingsJson);
    },
  );

  routes.post(
    '/settings/expiry-options',
    {
      schema: {
        ...about('addExpiryOption', 'Add a preset', 'One that is there already is no error.'),
        ...conditional,
        params,
        body: durationSchema,
        ...answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      const result = await useCases.settings.addOption(callerOf(request), request.body, ifMatch(request));
      tagVersion(reply, result);
      return sendResult(request, reply, result, () => undefined);
    },
  );

  routes.post(
    '/settings/expiry-options/_reset',
    {
      schema: {
        ...about('resetExpiryOptions', 'Bring the default presets back'),
        ...conditional,
        params,
        body: z.object({}).nullish(),
        ...answers({ 200: z.object({ options: optionsSchema }) }),
      },
    },
    async (request, reply) => {
      const result = await useCases.settings.resetOptions(callerOf(request), ifMatch(request));
      tagVersion(reply, result);
      return sendResult(request, reply, result, ({ settings }) => ({ options: settings.expiryOptions.map(optionJson) }));
    },
  );

  routes.delete(
    '/settings/expiry-options/:key',
    {
      schema: {
        ...about(
          'removeExpiryOption',
          'Remove a preset',
          'By its label, or by the label that its time and unit give. An unknown one is no error.',
        ),
        ...conditional,
        params: params.extend({ key: z.string() }),
        ...answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      const result = await useCases.settings.removeOption(callerOf(request), request.params.key, ifMatch(request));
      tagVersion(reply, result);
      return sendResult(request, reply, result, () => undefined);
    },
  );

  routes.put(
    '/settings/default-approvals',
    {
      schema: {
        ...about('setDefaultApprovals', 'Say what holds without policies'),
        ...conditional,
        params,
        body: approvalsSchema,
        ...answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      const result = await useCases.settings.setDefaultApprovals(callerOf(request), request.body, ifMatch(request));
      tagVersion(reply, result);
      return sendResult(request, reply, result, () => undefined);
    },
  );

  const durations: readonly (readonly [string, DurationSetting, string, string])[] = [
    ['approvable-duration', 'approvable', 'setApprovableDuration', 'Set the longest time between request and approval'],
    ['max-access-duration', 'maxAccess', 'setMaxAccessDuration', 'Set the longest access; live grants that last longer are shortened'],
    [
      'standing-access-duration',
      'standingAccess',
      'setStandingAccessDuration',
      'Set the longest standing access before it must be approved again',
    ],
  ];
  for (const [path, setting, id, summary] of durations)
    routes.put(
      `/settings/${path}`,
      { schema: { ...about(id, summary), ...conditional, params, body: durationSchema, ...answers({ 200: durationSchema }) } },
      async (request, reply) => {
        const result = await useCases.settings.setDuration(callerOf(request), setting, request.body, ifMatch(request));
        tagVersion(reply, result);
        return sendResult(request, reply, result, ({ settings }) => durationJson(settings[setting]));
      },
    );
}

const durationJson = ({ time, unit }: Duration): z.input<typeof durationSchema> => ({ time, unit });
const optionJson = ({ time, unit, value }: ExpiryOption) => ({ time, unit, value });

const settingsJson = ({ settings, roles }: AllSettings): z.input<typeof settingsSchema> => ({
  expiryOptions: settings.expiryOptions.map(optionJson),
  approvableDuration: durationJson(settings.approvable),
  maxAccessDuration: durationJson(settings.maxAccess),
  standingAccessDuration: durationJson(settings.standingAccess),
  defaultApprovals: settings.defaultApprovals,
  roles: rolesJson(roles),
});
