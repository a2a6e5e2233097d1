import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Core, createCore } from '../../src/app/core.ts';
import { RULES_DIR } from '../../src/app/paths.ts';
import { settingsSchema } from '../../src/app/settings.ts';
import { loadRules } from '../../src/decide/route/load.ts';
import { DOORS } from '../../src/intake/doors.ts';
import { scrub } from '../../src/intake/scrub.ts';
import { sha256 } from '../../src/lib/digest.ts';
import type { Disposition } from '../../src/model/delivery.ts';
import { REASONS } from '../../src/model/reason.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { OURS, SEEDS, type Seed } from '../intake/support/fuzz.ts';
import { NOON } from '../support/clock.ts';

/* Every example body through the very decision of the service: each gets a reason that a person can look up. */

let store: Store;
let core: Core;
let count = 0;

beforeEach(async () => {
  store = await openStore({ kind: 'memory' });
  const rules = loadRules(RULES_DIR);
  const settings = settingsSchema.parse({});
  core = createCore({
    store,
    settings,
    rules: () => rules,
    agents: [],
    clock: () => NOON + count,
    newId: () => `ID${String(++count).padStart(6, '0')}`,
  });
});

afterEach(() => store.close());

async function decide({ source, event, body }: Seed): Promise<Disposition> {
  const door = DOORS.find((row) => row.source === source && (row.event ?? event) === event);
  const bytes = Buffer.from(JSON.stringify(body));
  const read = core.interpret({
    id: `D${++count}`,
    origin: door?.origin ?? 'github',
    event,
    externalId: null,
    digest: sha256(bytes),
    receivedAt: NOON,
    body: scrub(bytes),
  });
  expect(read.fault).toBeNull();
  const { disposition } = await store.transaction((tx) => core.decide(tx, read.signals, read.ignored));
  return disposition;
}

describe('the decision about an example body', () => {
  it('has a known reason with a sentence, for every example of every source, in any order', async () => {
    for (const seed of SEEDS) {
      const { status, reason } = await decide(seed);
      expect(['accepted', 'skipped', 'ignored']).toContain(status);
      expect(Object.keys(REASONS)).toContain(reason.code);
      expect(reason.detail.length).toBeGreaterThan(10);
    }
  });

  it('is the same for one body however it is wrapped', async () => {
    for (const seed of OURS) {
      const first = await decide(seed);
      const again = await decide({ ...seed, body: { body: JSON.stringify(seed.body), headers: {} } });
      expect(again.remediationId ?? first.remediationId).toBe(first.remediationId);
    }
  });
});
