import { afterAll, beforeAll, describe } from 'vitest';
import type { Store, StoreOptions } from '../../src/store/open.ts';
import { openStore } from '../../src/store/open.ts';
import { briefContract, switchContract, timelineContract } from './store/bookkeeping.ts';
import { commandContract, incidentContract, limitContract } from './store/commands-and-limits.ts';
import { deliveryContract } from './store/deliveries.ts';
import { effectContract } from './store/effects.ts';
import { groupCommitContract } from './store/group-commit.ts';
import { lineageContract } from './store/lineages.ts';
import { noticeContract } from './store/notices.ts';
import { openContract } from './store/open.ts';
import { insightContract, outcomeContract } from './store/outcomes.ts';
import { pagesContract } from './store/pages.ts';
import { remediationContract } from './store/remediations.ts';

/** One store for a whole suite; every test empties it first. */
export interface StoreUnderTest {
  readonly store: () => Store;
  /** Opens the same store once more: on PostgreSQL a second pool, elsewhere the first one again. */
  readonly second: () => Store;
}

/** What every store promises, whatever is behind it. `place` makes a new, empty one. */
export function storeContract(place: () => Promise<StoreOptions>): void {
  let first: Store;
  let second: Store;

  beforeAll(async () => {
    const options = await place();
    first = await openStore(options);
    second = options.kind === 'postgres' ? await openStore(options) : first;
  });

  afterAll(async () => {
    await first?.close();
    if (second !== first) await second?.close();
  });

  const subject: StoreUnderTest = { store: () => first, second: () => second };
  describe('opening', () => openContract(subject));
  describe('deliveries', () => deliveryContract(subject));
  describe('remediations', () => remediationContract(subject));
  describe('lineages', () => lineageContract(subject));
  describe('effects', () => effectContract(subject));
  describe('timeline', () => timelineContract(subject));
  describe('briefs', () => briefContract(subject));
  describe('outcomes', () => outcomeContract(subject));
  describe('insights', () => insightContract(subject));
  describe('switches', () => switchContract(subject));
  describe('commands', () => commandContract(subject));
  describe('limits', () => limitContract(subject));
  describe('incidents', () => incidentContract(subject));
  describe('notices', () => noticeContract(subject));
  describe('pages', () => pagesContract(subject));
  describe('group commit', () => groupCommitContract(subject));
}
