import { buildLoki } from './build.ts';

/** Before any suite: compiling has no time-out of a test over it. */
export default async function setup(): Promise<void> {
  await buildLoki();
}
