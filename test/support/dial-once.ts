/** A program: dials the address that it is given and says `open`, or why not. */
import { dial } from '../../src/slack/socket-line.ts';

const line = dial(process.argv[2] ?? '', () => {}, 5_000);
const said = await line.opened.then(
  () => 'open',
  (error: unknown) => String(error),
);
process.stdout.write(said);
await line.close();
