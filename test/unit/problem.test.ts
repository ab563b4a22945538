import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/domain/duration.ts';
import { parseRequestId } from '../../src/domain/ids.ts';
import type { Rejection } from '../../src/domain/result.ts';
import { problemOfError } from '../../src/http/error-problem.ts';
import { nestsDeeperThan } from '../../src/http/json-body.ts';
import { notFound, problemDocument } from '../../src/http/problem.ts';
import { rejectionProblem } from '../../src/http/rejection-text.ts';
import { rejectionText as inSlack } from '../../blocks/notices.ts';

const long = 'x'.repeat(5_000);
const request = parseRequestId('01938a00-0000-7000-8000-000000000001');
if (request === undefined) throw new Error('that is an id');
const hour = parseDuration('1h');
if (hour === undefined) throw new Error('1h is a duration');

/** One of each code, with the longest input each could carry. The compiler misses none: see the check below. */
const examples: { readonly [Code in Rejection['code']]: Extract<Rejection, { code: Code }> } = {
  usage: { code: 'usage', command: 'request', usage: 'usage', problem: 'problem' },
  'invalid-duration': { code: 'invalid-duration', given: long },
  'over-maximum': { code: 'over-maximum', asked: hour, maximum: hour },
  'over-total': { code: 'over-total', total: hour, maximum: hour },
  'duration-required': { code: 'duration-required' },
  'reason-required': { code: 'reason-required' },
  'reason-too-long': { code: 'reason-too-long', maximum: 1000 },
  'unknown-service': { code: 'unknown-service', service: long, known: ['pg'] },
  'unknown-access-type': { code: 'unknown-access-type', service: 'pg', accessType: long, known: [] },
  'unknown-resource': {
    code: 'unknown-resource',
    accessType: 'role',
    resource: long,
    known: Array.from({ length: 500 }, (_, n) => `role${n}`),
  },
  'ambiguous-integration': { code: 'ambiguous-integration', service: 'pg', names: ['a', 'b'] },
  'invalid-principal': { code: 'invalid-principal', given: long },
  'account-unusable': { code: 'account-unusable', account: long },
  'not-allowed': { code: 'not-allowed' },
  'preapproval-required': { code: 'preapproval-required' },
  'nobody-can-approve': { code: 'nobody-can-approve' },
  'standing-exists': { code: 'standing-exists' },
  'standing-over': { code: 'standing-over' },
  'too-many-open': { code: 'too-many-open', maximum: 50 },
  'not-found': { code: 'not-found' },
  'not-approver': { code: 'not-approver' },
  'own-request': { code: 'own-request' },
  'not-yours': { code: 'not-yours' },
  'nothing-to-show': { code: 'nothing-to-show' },
  'already-decided': { code: 'already-decided', status: 'denied', by: undefined },
  lapsed: { code: 'lapsed' },
  'too-soon': { code: 'too-soon', seconds: hour },
  'stale-picture': { code: 'stale-picture' },
  'not-revocable': { code: 'not-revocable', status: 'denied' },
  'identity-unknown': { code: 'identity-unknown', why: 'guest' },
  'role-required': { code: 'role-required', roles: ['owner'] },
  'scope-required': { code: 'scope-required', scope: 'policies' },
  'invalid-value': { code: 'invalid-value', field: 'start', why: 'must lie ahead' },
  exists: { code: 'exists', what: 'minimal' },
  'precondition-failed': { code: 'precondition-failed', current: '7' },
  'version-conflict': { code: 'version-conflict', current: '7' },
  'last-owner': { code: 'last-owner' },
  'too-many': { code: 'too-many', what: 'expiry options', maximum: 100 },
  'ended-already': { code: 'ended-already' },
  'not-escalatable': { code: 'not-escalatable' },
  'no-receipt': { code: 'no-receipt', status: 'DONE' },
  'not-extendable': { code: 'not-extendable', status: 'NEW' },
  'no-break-glass': { code: 'no-break-glass' },
  'review-owed': { code: 'review-owed', request },
  'break-glass-ends': { code: 'break-glass-ends' },
  'nothing-to-review': { code: 'nothing-to-review' },
  'already-reviewed': { code: 'already-reviewed', by: long },
  unavailable: { code: 'unavailable', what: 'The directory' },
  'not-configured': { code: 'not-configured', what: long },
  'not-supported': { code: 'not-supported', what: 'allow' },
  'on-hold': { code: 'on-hold' },
};

describe('a rejection as a problem', () => {
  it.each(Object.values(examples))('$code has a 4xx status, a sentence, and no more than a line of input', (rejection) => {
    const problem = rejectionProblem(rejection);
    expect(problem.code).toBe(rejection.code);
    // 503 only where we could not ask; that is no answer to bad input.
    expect(problem.status >= 400 && problem.status < 500).toBe(rejection.code !== 'unavailable');
    // Who is told to come back is told when.
    expect(problem.retryAfterSeconds !== undefined).toBe(problem.status === 429 || problem.status === 503);
    expect(problem.detail).not.toContain('x'.repeat(101));
    expect(problem.detail.length).toBeLessThan(500);
    expect(problem.detail).toMatch(/^\S.*\S$/);
  });

  it('says what would be right', () => {
    expect(rejectionProblem(examples['unknown-service']).detail).toMatch(/Use one of: pg\.$/);
    expect(rejectionProblem(examples['unknown-resource']).detail).toMatch(/role19, …\.$/);
    expect(rejectionProblem({ code: 'already-decided', status: 'approved', by: 'carol@example.com' }).detail).toContain(
      'approved by carol@example.com',
    );
  });
});

describe('a refused wish', () => {
  const detail = (rejection: Rejection) => rejectionProblem(rejection).detail;

  it('is told which policy denies it, or that none allows it', () => {
    expect(detail({ code: 'not-allowed' })).toBe('No policy allows this access.');
    expect(detail({ code: 'not-allowed', deniedBy: 'no production' })).toBe('The policy "no production" denies this access.');
    expect(inSlack({ code: 'not-allowed', deniedBy: 'no production' })).toBe('The policy "no production" denies this.');
    expect(detail({ code: 'not-allowed', deniedBy: long }).length).toBeLessThan(200);
  });

  it('is told by which policies nobody could approve it', () => {
    expect(detail({ code: 'nobody-can-approve', policies: ['on call'] })).toContain('"on call"');
    expect(inSlack({ code: 'nobody-can-approve', policies: ['on call', 'manager'] })).toContain('"on call", "manager"');
    const many = detail({ code: 'nobody-can-approve', policies: Array.from({ length: 500 }, () => long) });
    expect(many.length).toBeLessThan(500);
  });

  it('is not told of a request where it asked for a pre-approval', () => {
    for (const code of ['not-approver', 'own-request'] as const)
      for (const said of [detail, inSlack]) {
        expect(said({ code })).toContain('request');
        expect(said({ code, ahead: true })).not.toMatch(/(this|your own) request|decide/);
        expect(said({ code, ahead: true })).toContain('pre-approve');
      }
  });
});

describe('an error as a problem', () => {
  it('is a fault of ours unless the framework made it', () => {
    expect(problemOfError(new Error('x'))).toBeUndefined();
    expect(problemOfError('x')).toBeUndefined();
    expect(problemOfError(Object.assign(new Error('x'), { statusCode: 400, code: 'ECONNRESET' }))).toBeUndefined();
    expect(problemOfError(Object.assign(new Error('x'), { statusCode: 500, code: 'FST_ERR_SOMETHING' }))).toBeUndefined();
    expect(problemOfError(Object.assign(new Error('x'), { statusCode: 413, code: 'FST_ERR_CTP_BODY_TOO_LARGE' }))?.status).toBe(413);
    expect(problemOfError(Object.assign(new Error('x'), { statusCode: 503, code: 'FST_UNDER_PRESSURE' }))?.status).toBe(503);
  });
});

describe('the document', () => {
  it('carries what RFC 9457 and the published clients read', () => {
    expect(problemDocument(notFound, '01938a00-0000-4000-8000-000000000001')).toEqual({
      type: 'urn:curfew:problem:not-found',
      title: 'Not found',
      status: 404,
      detail: 'Not found',
      instance: 'urn:uuid:01938a00-0000-4000-8000-000000000001',
      error: 'Not found',
    });
  });
});

describe('the depth of JSON text', () => {
  it('counts brackets, but not in strings', () => {
    expect(nestsDeeperThan(2, '[[1]]')).toBe(false);
    expect(nestsDeeperThan(2, '[{"a":[]}]')).toBe(true);
    expect(nestsDeeperThan(1, '["[[[\\"[[["]')).toBe(false);
    expect(nestsDeeperThan(1, '[[],[],[]]')).toBe(true);
    expect(nestsDeeperThan(2, '[[],[],[]]')).toBe(false);
    expect(nestsDeeperThan(1, '"\\\\"[[')).toBe(true);
  });
});
