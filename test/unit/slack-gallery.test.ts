import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { gallery, galleryHeading, pictureOf } from '../support/gallery.ts';
import { ordinaryWords } from '../support/scene-values.ts';
import { slackScenes } from '../support/slack-scenes.ts';

const scenes = slackScenes(ordinaryWords);
const docs = new URL('../../docs/', import.meta.url);

it('docs/slack.md shows every scene that there is, and no other (npm run screenshots mends it)', async () => {
  const page = await readFile(new URL('slack.md', docs), 'utf8');
  expect(page.slice(page.indexOf(galleryHeading))).toBe(gallery(scenes));
});

it('there is a picture of each, and no other', async () => {
  const files = await readdir(new URL('images/slack/', docs));
  expect(files.map((file) => `images/slack/${file}`).toSorted()).toEqual(scenes.map(pictureOf).toSorted());
});
