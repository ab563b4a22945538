/** The last part of docs/slack.md: every scene under its heading, two beside one another. */
import type { Scene } from './slack-scenes.ts';

export const galleryHeading = '## What it looks like\n';

export const pictureOf = ({ name }: Scene): string => `images/slack/${name}.png`;

export function gallery(scenes: readonly Scene[]): string {
  const groups = [...Map.groupBy(scenes, ({ group }) => group)].map(([group, each]) => `### ${group}\n\n${table(each)}`);
  const about =
    'Every message, window and home tab, as the page of the local workspace shows them. `npm run screenshots` takes the pictures.';
  return `${galleryHeading}\n${about}\n\n${groups.join('\n')}`;
}

function table(scenes: readonly Scene[]): string {
  const cells = scenes.map(
    (scene) => `<td valign="top" width="50%">${scene.title}<br><img src="${pictureOf(scene)}" alt="${scene.title}"></td>\n`,
  );
  const rows = cells.flatMap((cell, index) => (index % 2 === 0 ? [`<tr>\n${cell}${cells[index + 1] ?? '<td></td>\n'}</tr>\n`] : []));
  return `<table>\n${rows.join('')}</table>\n`;
}
