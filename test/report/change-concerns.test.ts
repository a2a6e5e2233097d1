import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeConcern } from '../../src/model/change-concern.ts';
import { renderComment } from '../../src/report/notifiers/github-comment/index.ts';
import { attemptWord } from '../../src/report/words.ts';
import type { Store } from '../../src/store/open.ts';
import { expectAsDocumented, startApi } from './api-client.ts';
import { addSeed, makeAttempt, makeRemediation, openSeeded } from './seed.ts';

let store: Store;
beforeEach(async () => {
  store = await openSeeded();
});
afterEach(() => store.close());

const concern = (changes: Partial<ChangeConcern> = {}): ChangeConcern => ({
  code: 'ignore_added',
  severity: 'report',
  path: 'src/a.ts',
  line: 3,
  sentence: 'src/a.ts silences a tool: @ts-ignore.',
  ...changes,
});
const view = { maxAttempts: 3, classification: null, codeRunPhase: null, pageUrl: null, commands: [] };
const comment = (...concerns: readonly ChangeConcern[]) =>
  renderComment(makeRemediation({ attempts: [makeAttempt({ outcome: 'success', concerns })] }), view);

describe('what the review of a change found', () => {
  it('stands in the comment, what was refused marked as such', () => {
    const text = comment(
      concern({ severity: 'refuse', code: 'test_skipped', sentence: 'cart.test.ts skips tests.' }),
      concern(),
    );
    expect(text).toContain('**To look at in the change**\n\n- **Refused:** cart.test.ts skips tests.\n- ');
  });

  it('is not spoken of when there is nothing', () => {
    expect(comment()).not.toContain('To look at');
  });

  it('mentions nobody and formats nothing, whatever a file is called', () => {
    const text = comment(concern({ sentence: '@ada **x** <img src=x> [a](http://evil.test) was\ndeleted.' }));
    expect(text).not.toContain('@ada');
    expect(text).not.toContain('<img');
    expect(text).not.toContain('](http://evil.test)');
    expect(text).not.toContain('**x**');
  });

  it('is cut when there is too much of it', () => {
    const text = comment(...Array.from({ length: 40 }, () => concern()));
    expect(text.match(/silences a tool/g)).toHaveLength(12);
    expect(text).toContain('- and 28 more');
  });

  it('tells a refused green from a red one', () => {
    const refused = makeAttempt({ outcome: 'ci_still_failing', concerns: [concern({ severity: 'refuse' })] });
    expect(attemptWord(refused, null).label).toBe('refused');
    expect(attemptWord(makeAttempt({ outcome: 'ci_still_failing' }), null).label).toBe('still red');
    expect(attemptWord(makeAttempt({ outcome: 'success', concerns: [concern()] }), null).label).toBe('green');
  });

  it('is in the API as documented', async () => {
    const remediation = makeRemediation({ attempts: [makeAttempt({ concerns: [concern()] }), makeAttempt()] });
    await addSeed(store, { remediation });
    const { app } = await startApi(store);
    const answer = await app.inject(`/api/remediations/${remediation.id}`);
    expectAsDocumented(app, 'GET', '/api/remediations/{id}', answer);
    expect(answer.json().attempts.map(({ concerns }: { concerns: unknown }) => concerns)).toEqual([[concern()], []]);
    await app.close();
  });
});
