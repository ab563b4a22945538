import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { UseCases } from '../app/use-cases.ts';
import { callerOf } from './auth.ts';
import { sendProblem } from './problem.ts';
import { rejectionProblem } from './rejection-text.ts';
import { replyJson } from './reply-json.ts';
import { text } from './text.ts';

/** Other members are ignored: old clients add `wait`, new ones may add anything. */
const commandBody = z.object({ argv: z.array(text(4000)).min(1).max(200), scriptName: text(100).min(1) });

/** `POST …/command` runs one command; the clients post some listings to `…/command/ls`, with the same body. */
export function serveCommands(scope: FastifyInstance, useCases: UseCases): void {
  for (const path of ['/command', '/command/ls']) {
    scope.withTypeProvider<ZodTypeProvider>().post(path, { schema: { body: commandBody } }, async (request, reply) => {
      const { argv, scriptName } = request.body;
      const result = await useCases.runCommand(callerOf(request), argv, scriptName);
      if (!result.ok) return sendProblem(request, reply, rejectionProblem(result.rejection));
      // The client prints a list or an error after `ls`, and nothing else.
      if (result.value.kind === 'help' && argv[0] === 'ls') {
        return sendProblem(request, reply, { code: 'usage', status: 400, title: 'Help', detail: result.value.text });
      }
      return reply.send(replyJson(result.value));
    });
  }
}
