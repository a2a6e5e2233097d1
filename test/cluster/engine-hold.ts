import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { KubernetesBench } from './engine-bench.ts';

/** What an agent does that is at work until a test lets it go: no machine is too slow to see it at work. */
export interface Hold {
  /** For the agent's shell script. */
  readonly script: string;
  letGo(): void;
}

let count = 0;

/** In the folder of the remote, which is the same in every container. */
export function holdIn(bench: KubernetesBench): Hold {
  count += 1;
  const file = join(dirname(bench.remote.path), `go-${count}`);
  return { script: `while [ ! -e '${file}' ]; do sleep 0.1; done`, letGo: () => writeFileSync(file, '') };
}
