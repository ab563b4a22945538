/** A process of its own with the role of a worker, on the place that it is told of. It ends with the one that started it. */
import { once } from 'node:events';
import { openEngine, type Place } from './engine.ts';
import { noOpTarget } from './no-op-target.ts';
import { startAllWork } from './work.ts';

const place = JSON.parse(process.argv[2] ?? '') as Place;
await using engine = await openEngine(place, noOpTarget);
await using stack = new AsyncDisposableStack();
startAllWork(engine, stack);
process.send?.('up');
await once(process, 'disconnect');
