import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** One body of GitHub's own published examples. */
export interface Example {
  /** `api.github.com/workflow_job/1`. */
  readonly label: string;
  readonly event: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const SERVERS = ['api.github.com', 'ghes-31', 'ghes-32', 'ghes-33', 'ghes-34', 'ghes-35'];
const require = createRequire(import.meta.url);

function load(server: string): Example[] {
  const file = require.resolve(`@octokit/webhooks-examples/${server}/index.json`);
  const events = JSON.parse(readFileSync(file, 'utf8')) as { name: string; examples: Example['body'][] }[];
  return events.flatMap(({ name, examples }) =>
    examples.map((body, index) => ({ label: `${server}/${name}/${index}`, event: name, body })),
  );
}

/** All of them: 329 of github.com and 397 of five Enterprise servers. */
export const EXAMPLES: readonly Example[] = SERVERS.flatMap(load);

export function example(label: string): Example {
  const found = EXAMPLES.find((candidate) => candidate.label === label);
  if (!found) throw new Error(`no example ${label}`);
  return found;
}
