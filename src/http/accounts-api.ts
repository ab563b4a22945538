import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { UseCases } from '../app/use-cases.ts';
import { callerOf } from './auth.ts';
import { answers, operation } from './operation.ts';
import { sendResult } from './send-result.ts';
import { text } from './text.ts';

const named = z.object({ org: z.string(), email: text(254) });

/** Links between people and their Slack accounts. */
export function serveAccounts(scope: FastifyInstance, useCases: UseCases): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  routes.delete(
    '/settings/slack-accounts/:email',
    {
      schema: {
        ...operation(
          'unlinkSlackAccount',
          'Settings',
          'settings',
          'Take back the link of a person’s Slack account',
          'For owners. The account is nobody’s until its person links it anew: by signing in, or by `/access link` where nobody can sign in.',
        ),
        params: named,
        ...answers({ 204: z.null().describe('Done') }),
      },
    },
    async (request, reply) =>
      sendResult(request, reply, await useCases.accounts.unlinkPerson(callerOf(request), request.params.email), () => undefined),
  );
}
