import { beforeEach, expect, it } from 'vitest';
import {
  type RememberedOutcome,
  rememberOutcome,
  searchOutcomes,
  similarOutcomes,
} from '../../../src/store/outcomes.ts';
import { anOutcome } from '../../support/outcomes.ts';
import type { StoreUnderTest } from '../store.contract.ts';
import { emptyStore } from './empty.ts';

export function outcomeContract({ store }: StoreUnderTest): void {
  beforeEach(() => emptyStore(store()));

  const remember = async (...outcomes: Partial<RememberedOutcome>[]) => {
    for (const outcome of outcomes) await store().transaction((tx) => rememberOutcome(tx, anOutcome(outcome)));
  };
  const similar = (query: Partial<Parameters<typeof similarOutcomes>[1]> = {}) =>
    similarOutcomes(store().db, {
      fingerprint: 'f1',
      failureType: 'rust_build',
      repository: 'acme/shop',
      limit: 10,
      ...query,
    });
  const search = async (text: string, query: Partial<Parameters<typeof searchOutcomes>[1]> = {}) =>
    (await searchOutcomes(store(), { text, limit: 10, ...query })).map(({ remediationId }) => remediationId);

  it('come back as they were remembered', async () => {
    const outcome = anOutcome({
      stillRed: ['build', 'test (1, 2)'],
      costUsd: null,
      changed: false,
      outcome: 'no_change',
    });
    await remember(outcome);
    const [found] = await similar();
    expect(found).toEqual({ ...outcome, match: 'fingerprint', sameRepository: true, held: null });
  });

  it('are one an attempt, also when an attempt is remembered again with another end', async () => {
    await remember({ outcome: 'timeout', approach: 'waited' }, { outcome: 'success', approach: 'pinned serde' });
    expect(await similar()).toMatchObject([{ outcome: 'success', approach: 'pinned serde' }]);
    expect(await search('waited')).toEqual([]);
    expect(await search('serde')).toEqual(['r1']);
  });

  it('of the same breakage come first, then those of the same repository, then the rest; newest first', async () => {
    await remember(
      { remediationId: 'elsewhere', repository: 'acme/till', fingerprint: 'f9', endedAt: 900 },
      { remediationId: 'here', fingerprint: 'f9', endedAt: 800 },
      { remediationId: 'same-elsewhere', repository: 'acme/till', failureType: 'rust_test', endedAt: 700 },
      { remediationId: 'same-old', endedAt: 100 },
      { remediationId: 'same-new', endedAt: 200 },
      { remediationId: 'other', fingerprint: 'f9', failureType: 'go', endedAt: 999 },
    );
    expect((await similar()).map(({ remediationId, match }) => [remediationId, match])).toEqual([
      ['same-new', 'fingerprint'],
      ['same-old', 'fingerprint'],
      ['same-elsewhere', 'fingerprint'],
      ['here', 'failure_type'],
      ['elsewhere', 'failure_type'],
    ]);
    expect((await similar({ limit: 2 })).map(({ remediationId }) => remediationId)).toEqual(['same-new', 'same-old']);
    expect(await similar({ failureType: null, fingerprint: 'f9' })).toHaveLength(3);
    expect(await similar({ failureType: null, fingerprint: null })).toEqual([]);
  });

  it('that no agent worked for, and those of the remediation itself, teach nothing', async () => {
    await remember({ outcome: 'infrastructure' }, { ordinal: 2, outcome: 'cancelled' }, { remediationId: 'me' });
    expect(await similar({ exceptRemediation: 'me' })).toEqual([]);
  });

  it('that an empty fingerprint joins are no more alike than their type', async () => {
    await remember({ fingerprint: '' });
    expect(await similar({ fingerprint: '', failureType: null })).toEqual([]);
    expect(await similar({ fingerprint: '' })).toMatchObject([{ match: 'failure_type' }]);
  });

  it('held when the same breakage did not come back to the same repository', async () => {
    await remember(
      { remediationId: 'first', startedAt: 10, endedAt: 20 },
      { remediationId: 'second', startedAt: 30, endedAt: 40 },
      { remediationId: 'third', repository: 'acme/till', startedAt: 50, endedAt: 60 },
    );
    const held = Object.fromEntries((await similar()).map(({ remediationId, held }) => [remediationId, held]));
    expect(held).toEqual({ first: false, second: true, third: true });
  });

  it('are found by the words of their approach, their end and their checks, the best first', async () => {
    await remember(
      { remediationId: 'r1', approach: 'Pinned serde_json to 1.0.128 in Cargo.toml', detail: 'Green on 1a2b3c4d.' },
      { remediationId: 'r2', approach: 'Bumped tokio', detail: 'Still red: serde.', stillRed: ['integration'] },
      { remediationId: 'r3', approach: 'Réparé le schéma', detail: 'Green.', repository: 'acme/till' },
    );
    expect(await search('SERDE json pinned')).toEqual(['r1', 'r2']);
    expect(await search('integration')).toEqual(['r2']);
    expect(await search('schéma')).toEqual(['r3']);
    expect(await search('cargo.toml 1.0.128')).toEqual(['r1']);
    expect(await search('serde green', { repository: 'acme/till' })).toEqual(['r3']);
    expect(await search('serde', { failureType: 'go' })).toEqual([]);
    expect(await search('serde green', { limit: 1 })).toHaveLength(1);
  });

  it('are searched for whatever the question looks like', async () => {
    await remember({ approach: 'or not near and' });
    const odd = [
      '',
      '" OR 1',
      "it's",
      'NEAR(a b)',
      'a & !b | <-> :*',
      '*',
      '\u0000',
      '\ud800',
      '日本',
      'x'.repeat(9_000),
    ];
    for (const text of odd) await expect(search(text)).resolves.toBeInstanceOf(Array);
    expect(await search('NOT')).toEqual(['r1']);
  });
}
