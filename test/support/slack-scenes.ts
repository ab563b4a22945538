/** Every message, window and home tab that there is, as a table: for the pictures in docs/slack.md and for the limits of Slack. */
import type { HomeView, ModalView } from '@slack/types';
import type { Message } from '../../blocks/kit.ts';
import { formScenes } from './scene-form.ts';
import { homeScenes } from './scene-home.ts';
import { approvalScenes, directScenes } from './scene-messages.ts';
import { ownerScenes, windowScenes } from './scene-modals.ts';
import { replyScenes } from './scene-replies.ts';
import type { Words } from './scene-values.ts';

export type Scene = {
  /** Of the picture's file, without its ending. */
  readonly name: string;
  readonly title: string;
  /** The heading in docs/slack.md. */
  readonly group: string;
  readonly place: 'channel' | 'dm' | 'private' | 'modal' | 'home';
  /** Who sees it. */
  readonly as: 'alice' | 'bob' | 'carol';
  readonly show: () => Message | ModalView | HomeView;
  /** Of a window: what Slack shows at its fields, by block. */
  readonly errors?: Readonly<Record<string, string>>;
};

export const slackScenes = (words: Words): readonly Scene[] => [
  ...formScenes(words),
  ...approvalScenes(words),
  ...windowScenes(words),
  ...directScenes(words),
  ...replyScenes(words),
  ...homeScenes(words),
  ...ownerScenes(words),
];
