import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pastRemediations } from '../../../src/brief/sources/past-remediations/index.ts';
import { openStore, type Store } from '../../../src/store/open.ts';
import type { RememberedOutcome } from '../../../src/store/outcomes.ts';
import { rememberOutcome, similarOutcomes } from '../../../src/store/outcomes.ts';
import { aRemediation } from '../../support/builders.ts';
import { NOON } from '../../support/clock.ts';
import { anOutcome, aSimilar } from '../support/past.ts';
import { findingOf } from '../support/systems.ts';

const DAY = 86_400_000;
const remediation = aRemediation({ fingerprint: 'f00d', failureType: 'rust_clippy' });

describe('the source past-remediations', () => {
  let store: Store;
  let ids = 100;
  beforeAll(async () => {
    store = await openStore({ kind: 'memory' });
  });
  afterAll(() => store?.close());
  const remember = (changes: Partial<RememberedOutcome>): Promise<void> => {
    ids += 1;
    const own = { remediationId: `01JD${String(ids).padStart(22, '0')}`, taskId: `ci-${ids}` };
    return store.transaction((tx) => rememberOutcome(tx, anOutcome({ ...own, ...changes })));
  };
  const source = () =>
    pastRemediations(async (query) => ({ outcomes: await similarOutcomes(store.db, query), unanswered: [] }));

  it('tells what held, what came back and what did not help, here and elsewhere', async () => {
    expect(await findingOf(source(), remediation)).toMatchObject({
      status: 'empty',
      summary: 'Nothing like it was remediated before.',
    });
    await remember({
      taskId: 'ci-1',
      approach: 'Silenced the lint.',
      startedAt: NOON - 9 * DAY,
      endedAt: NOON - 9 * DAY,
    });
    await remember({
      taskId: 'ci-2',
      outcome: 'ci_still_failing',
      approach: 'Updated\nclippy.',
      detail: 'clippy was red on the new commit',
      stillRed: ['clippy'],
      startedAt: NOON - 8 * DAY,
      endedAt: NOON - 8 * DAY,
    });
    await remember({ taskId: 'ci-3', startedAt: NOON - 7 * DAY, endedAt: NOON - 7 * DAY, number: 2 });
    await remember({
      taskId: 'ci-4',
      repository: 'acme/till',
      fingerprint: 'beef',
      endedAt: NOON - DAY,
      agent: 'atlas',
    });
    await remember({ taskId: 'ci-5', repository: 'other/secret', approach: 'Their words.', endedAt: NOON - 2 * DAY });
    await remember({ taskId: 'ci-6', failureType: 'rust_test', fingerprint: 'cafe' });
    await remember({ taskId: 'ci-7', outcome: 'infrastructure' });
    await remember({ remediationId: remediation.id, taskId: remediation.taskId });
    const finding = await findingOf(source(), remediation);
    expect(finding).toMatchObject({
      status: 'found',
      summary: '4 earlier attempts at this very breakage: 3 turned it green, 1 of these held.',
      truncated: false,
    });
    expect(finding.body?.split('\n')).toEqual([
      'What held:',
      expect.stringMatching(/^- \S+, elsewhere, the same breakage, rex, attempt 1: success$/),
      expect.stringMatching(
        /^- \S+, in acme\/till \(ci-4\), rust_clippy, atlas, attempt 1: success\. It said: Removed/,
      ),
      '',
      'What turned it green, but it came back:',
      expect.stringMatching(/^- \S+, here \(ci-3\), the same breakage, rex, attempt 2: success\. It said: Removed/),
      expect.stringMatching(
        /^- \S+, here \(ci-1\), the same breakage, rex, attempt 1: success\. It said: Silenced the lint\.$/,
      ),
      '',
      'What did not help (do not repeat it):',
      expect.stringMatching(
        /here \(ci-2\), .*: ci_still_failing \(clippy was red on the new commit\)\. Still red: clippy\. It said: Updated clippy\.$/,
      ),
    ]);
    expect(finding.body).not.toContain('Their words');
    expect(finding.body).not.toContain('other/secret');
  });

  it('speaks of the type when the breakage itself is new', async () => {
    const outcomes = [
      aSimilar({ match: 'failure_type' }),
      aSimilar({ match: 'failure_type', outcome: 'timeout', held: null }),
    ];
    const finding = await findingOf(
      pastRemediations(async () => ({ outcomes, unanswered: [] })),
      remediation,
    );
    expect(finding.summary).toBe('2 earlier attempts at breakages of this type: 1 turned it green, 1 of these held.');
  });

  it('shows the six nearest of a kind and says that there are more', async () => {
    const many = Array.from({ length: 9 }, () => aSimilar({ outcome: 'no_change', held: null }));
    const finding = await findingOf(
      pastRemediations(async () => ({ outcomes: many, unanswered: [] })),
      remediation,
    );
    expect(finding.body?.split('\n')).toHaveLength(7);
    expect(finding.truncated).toBe(true);
  });

  it('says that a memory that breaks has failed, and that there is none', async () => {
    const broken = pastRemediations(() => Promise.reject(new Error('the disk is gone')));
    expect(await findingOf(broken, remediation)).toMatchObject({ status: 'failed', summary: 'the disk is gone' });
    expect((await findingOf(pastRemediations(null), remediation)).status).toBe('not_configured');
  });
});
