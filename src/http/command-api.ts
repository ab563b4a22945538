import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { UseCases } from '../app/use-cases.ts';
import { callerOf } from './auth.ts';
import { answers, operation } from './operation.ts';
import { line, lineType, type OutcomeStreams } from './outcome-stream.ts';
import { sendProblem } from './problem.ts';
import { sendRejection } from './send-result.ts';
import { replyJson } from './reply-json.ts';
import { text } from './text.ts';

/** Other members are ignored: clients to come may add anything. */
const commandBody = z.object({
  argv: z.array(text(4000)).min(1).max(200),
  scriptName: text(100).min(1),
  wait: z.boolean().optional().describe('Answer a success with lines of JSON; of a request, with the outcome as the last one'),
});
const params = z.object({ org: z.string() });

const listItem = z.looseObject({ key: z.string(), value: z.string() });
/** Which members there are depends on the command; those that the published clients insist on are always there. */
const commandReply = z
  .union([
    z.looseObject({ ok: z.literal(true), arg: z.string(), term: z.string(), isTruncated: z.boolean(), items: z.array(listItem) }),
    z.looseObject({
      ok: z.literal(true),
      message: z.string(),
      id: z.string().optional(),
      isPreexisting: z.boolean().optional(),
      isPersistent: z.boolean().optional(),
      isPreapproved: z.boolean().optional(),
      request: z.looseObject({ principal: z.string(), status: z.string() }).optional(),
    }),
  ])
  .meta({ id: 'CommandReply' });

const answer = {
  description: 'What came of it',
  content: { 'application/json': { schema: commandReply }, [lineType]: { schema: z.string() } },
};

const commandSchema = (id: string, summary: string) => ({
  ...operation(id, 'Commands', undefined, summary, 'The scope that the token needs depends on the command.'),
  security: [{ bearer: [] }],
  params,
  body: commandBody,
  ...answers({ 200: answer }),
});

/** `POST …/command` runs one command; the clients post some listings to `…/command/ls`, with the same body. */
export function serveCommands(scope: FastifyInstance, useCases: UseCases, streams: OutcomeStreams): void {
  for (const [path, schema] of [
    ['/command', commandSchema('runCommand', 'Run one command')],
    ['/command/ls', commandSchema('runListCommand', 'Run one command that lists')],
  ] as const) {
    scope.withTypeProvider<ZodTypeProvider>().post(path, { schema }, async (request, reply) => {
      const { argv, scriptName, wait } = request.body;
      const result = await useCases.runCommand(callerOf(request), argv, scriptName);
      if (!result.ok) return sendRejection(request, reply, result.rejection);
      // The client prints a list or an error after `ls`, and nothing else.
      if (result.value.kind === 'help' && argv[0] === 'ls') {
        return sendProblem(request, reply, { code: 'usage', status: 400, title: 'Help', detail: result.value.text });
      }
      const body = replyJson(result.value);
      if (wait !== true) return reply.send(body);
      // How commands of old waited; newer ones ask `…/poll`. They take anything but lines for a failure.
      const first = { type: 'data', data: body };
      return result.value.kind === 'submitted' ? streams.send(request, reply, result.value, first) : reply.type(lineType).send(line(first));
    });
  }
}
