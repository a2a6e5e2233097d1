import type { Store } from '../../../src/store/open.ts';
import type { Database } from '../../../src/store/schema.ts';

const TABLES: readonly (keyof Database)[] = [
  'deliveries',
  'remediations',
  'remediation_runs',
  'lineages',
  'timeline',
  'effects',
  'briefs',
  'coderuns',
  'switches',
  'commands',
  'attempts',
  'repository_configs',
  'sightings',
  'incidents',
  'outcomes',
  'lessons',
  'merges',
  'notices',
  'notice_subjects',
  'notice_messages',
];

/** Tests run in any order; each begins with nothing. */
export async function emptyStore(store: Store): Promise<void> {
  await store.transaction(async (tx) => {
    for (const table of TABLES) await tx.deleteFrom(table).execute();
  });
}
