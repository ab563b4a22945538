import { describe } from 'vitest';
import { p0Home } from '../support/p0-home.ts';
import { describeP0Login } from '../support/p0-login.ts';

describe('what the published command does to log in', () => describeP0Login(p0Home));
