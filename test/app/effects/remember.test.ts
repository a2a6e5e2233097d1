import { afterEach, beforeEach, expect, it } from 'vitest';
import { rememberHandler } from '../../../src/app/effects/remember.ts';
import { storeMemory } from '../../../src/learn/memories/store/index.ts';
import type { Remediation } from '../../../src/model/remediation.ts';
import { insertBrief } from '../../../src/store/briefs.ts';
import { readLessons } from '../../../src/store/lessons.ts';
import { openStore, type Store } from '../../../src/store/open.ts';
import { readOutcomes, searchOutcomes } from '../../../src/store/outcomes.ts';
import { aClassification, anAttempt, aRemediation, aReport } from '../../support/builders.ts';
import { NOON } from '../../support/clock.ts';

const TOKEN = `ghp_${'a1B2'.repeat(9)}`;
const OWN = 'a secret of our own settings';

let store: Store;
beforeEach(async () => {
  store = await openStore({ kind: 'memory' });
  const classification = aClassification({ agent: 'rex', fingerprint: 'f7', rule: 'rust-clippy' });
  const rest = { findings: [], cuts: [], template: 'ci/rust-fix.hbs', baseBranch: null, prompt: '' };
  const id = { id: 'brief-1', remediationId: aRemediation().id, ordinal: 1, createdAt: NOON };
  await insertBrief(store.db, { ...id, ...rest, classification });
});
afterEach(() => store.close());

const attempt = anAttempt({
  agent: 'atlas',
  outcome: 'success',
  endedAt: NOON + 5_000,
  detail: `Green; \u001b[31mthe token was ${TOKEN}`,
  stillRed: [`job ${OWN}`],
  report: aReport({ summary: `Took ${TOKEN} and ${OWN} out.\n${'x'.repeat(9_000)}` }),
});
const ended = aRemediation({ phase: 'succeeded', endedAt: NOON + 5_000, attempts: [attempt] });
const remember = (about: number | 'end', remediation: Remediation = ended) =>
  rememberHandler({ store, keep: storeMemory(store).remember, secrets: [OWN] })(
    { kind: 'remember', about },
    remediation,
    new AbortController().signal,
  );

it('an attempt is remembered as its brief judged it, once, whatever is asked how often', async () => {
  await remember(1);
  await remember(1);
  expect(await readOutcomes(store.db, 0)).toMatchObject([
    { routedAgent: 'rex', agent: 'atlas', fingerprint: 'f7', rule: 'rust-clippy', outcome: 'success' },
  ]);
});

it('no secret is remembered, and no more than a brief has room for', async () => {
  await remember(1);
  const [outcome] = await readOutcomes(store.db, 0);
  const everything = JSON.stringify([outcome, await store.db.selectFrom('outcomes').selectAll().execute()]);
  expect(everything).not.toContain(TOKEN);
  expect(everything).not.toContain(OWN);
  expect(everything).not.toContain('\\u001b');
  expect(outcome?.approach).toContain('«redacted:github-token:1»');
  expect(outcome?.approach.length).toBeLessThanOrEqual(4_000);
  expect(await searchOutcomes(store, { text: TOKEN, limit: 5 })).toEqual([]);
});

it('the end is remembered by what it teaches, once', async () => {
  await remember('end');
  await remember('end');
  const lessons = await readLessons(store.db, 0);
  expect(lessons.map(({ kind, agent }) => `${kind} ${agent}`)).toEqual([
    'first_attempt_success atlas',
    'routing_mismatch atlas',
  ]);
});

it('what is under way, or unknown, is left alone', async () => {
  await remember(1, aRemediation({ attempts: [anAttempt()] }));
  await remember(9);
  expect(await readOutcomes(store.db, 0)).toEqual([]);
});
