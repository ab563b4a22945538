import { describe, it } from 'vitest';
import { p0Command, p0CommandHome, p0Path } from '../support/p0-command.ts';
import { describeP0Login } from '../support/p0-login.ts';
import { describeP0 } from '../support/p0-transcripts.ts';

if (p0Path === undefined) it('the published command', (context) => context.skip('the p0 command (P0_CLI names none)'));
else {
  describe('the published command', () => describeP0(p0Command));
  describe('the published command, logging in', () => describeP0Login(p0CommandHome));
}
