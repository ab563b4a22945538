import type { ModalView } from '@slack/types';
import { paragraph, window } from './kit.ts';
import { words } from './line.ts';
import { noticeId } from './wire.ts';

/** Opened at once, because the trigger lives three seconds; filled when the answer is known. */
export const loading = (heading: string): ModalView => window(heading, [paragraph(words('Loading…'))], noticeId);
