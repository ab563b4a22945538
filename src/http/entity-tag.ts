import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Versions } from '../app/versions.ts';
import type { Result } from '../domain/result.ts';

/** Puts the version as a strong entity tag on an answer that succeeds. */
export function tagVersion(reply: FastifyReply, result: Result<{ readonly version: string }>): void {
  if (result.ok) void reply.header('etag', `"${result.value.version}"`);
}

/** The versions that `If-Match` names. A weak or malformed tag names none: nothing is changed on its word. */
export function ifMatch(request: FastifyRequest): Versions {
  const header = request.headers['if-match']?.trim();
  if (header === undefined || header === '*') return 'any';
  return header.split(',').flatMap((tag) => /^"(\d+)"$/.exec(tag.trim())?.[1] ?? []);
}

export const entityTagMark = 'x-entity-tag';
/** For a route's `schema`: its answers carry an ETag. The mark is gone in the finished document. */
export const tagged = { [entityTagMark]: 'answers' };
/** And it takes one back as `If-Match`. */
export const conditional = { [entityTagMark]: 'matches' };
