import { describe, expect, it } from 'vitest';
import { reason } from '../../../src/model/reason.ts';
import type { Phase, Remediation } from '../../../src/model/remediation.ts';
import { currentCommit, renderCheckRun } from '../../../src/report/notifiers/check-run/index.ts';
import { renderDiscord } from '../../../src/report/notifiers/discord/render.ts';
import { renderEmail } from '../../../src/report/notifiers/email/render.ts';
import { renderComment } from '../../../src/report/notifiers/github-comment/index.ts';
import { renderSlack } from '../../../src/report/notifiers/slack/render.ts';
import { AGENT_SHA, aClassification, anAttempt, aRemediation, aReport, SHA } from '../../support/builders.ts';
import { aNotice, anItem, noticeState } from './notices.ts';

const classification = aClassification({
  evidence: [{ line: 12, text: '  --> src/cart.rs:41:27', rule: 'rust-clippy', weight: 3 }],
  excerpt: { text: 'error: needless borrow\n  --> src/cart.rs:41:27', ranges: [[11, 12]], lines: 2, totalLines: 40 },
});
const view = {
  maxAttempts: 3,
  classification,
  codeRunPhase: 'Running',
  pageUrl: 'https://healer.example/r/1',
  commands: [],
};
const options = { view, evidenceSha: SHA, whenNotRepaired: 'neutral' } as const;

const together = aNotice({
  items: [
    anItem(),
    anItem({
      key: 'b',
      isOpen: false,
      tone: 'good',
      title: 'acme/shop other: a failed test',
      status: 'Verified green.',
    }),
  ],
});

describe('notices read as their golden files', () => {
  it.each([
    ['one', aNotice()],
    ['edited', noticeState(2)],
    ['together', together],
  ])('%s', async (name, notice) => {
    const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
    await expect(json(renderDiscord(notice))).toMatchFileSnapshot(`golden/discord-${name}.json`);
    await expect(json(renderSlack(notice))).toMatchFileSnapshot(`golden/slack-${name}.json`);
    const { subject, text } = renderEmail(notice);
    await expect(`Subject: ${subject}\n\n${text}\n`).toMatchFileSnapshot(`golden/email-${name}.txt`);
  });
});

describe('the check', () => {
  const working = aRemediation({ phase: 'working', attempts: [anAttempt({ baseSha: SHA })] });

  it('reads as its golden file', async () => {
    const { title, summary, text, annotations } = renderCheckRun(working, options);
    const places = annotations.map(({ path, line, message }) => `${path}:${line} ${message}`).join('\n');
    const page = `${title}\n\n${summary}\n\n---\n\n${text}\n\n---\n\n${places}\n`;
    await expect(page).toMatchFileSnapshot('golden/check-working.md');
  });

  it.each<readonly [Phase, 'neutral' | 'failure', string]>([
    ['received', 'neutral', 'completed neutral healer_stop'],
    ['working', 'neutral', 'completed neutral healer_stop'],
    ['awaiting_approval', 'failure', 'queued null healer_stop'],
    ['working', 'failure', 'in_progress null healer_stop'],
    ['succeeded', 'failure', 'completed success '],
    ['escalated', 'neutral', 'completed neutral healer_retry'],
    ['escalated', 'failure', 'completed failure healer_retry'],
    ['cancelled', 'failure', 'completed neutral healer_retry'],
    ['superseded', 'failure', 'completed neutral healer_retry'],
  ])('of one that is %s, where %s is wanted, is %s', (phase, whenNotRepaired, expected) => {
    const one = renderCheckRun(aRemediation({ phase }), { ...options, whenNotRepaired });
    expect(`${one.status} ${one.conclusion} ${one.actions.map(({ identifier }) => identifier).join()}`).toBe(expected);
  });

  it('stands on the agent’s commit once there is one, and on whatever was read of the branch after it', () => {
    const pushed = anAttempt({ baseSha: SHA, report: aReport() });
    const on = (changes: Partial<Remediation>): string => currentCommit(aRemediation(changes));
    expect(on({ attempts: [] })).toBe(SHA);
    expect(on({ attempts: [anAttempt({ baseSha: SHA })] })).toBe(SHA);
    expect(on({ attempts: [pushed] })).toBe(AGENT_SHA);
    // Refused although green: the commit to repair stays the red one, the head is the agent's all the same.
    expect(on({ attempts: [pushed, anAttempt({ ordinal: 2, baseSha: SHA })] })).toBe(AGENT_SHA);
    expect(on({ headSha: 'c'.repeat(40), attempts: [pushed] })).toBe('c'.repeat(40));
    expect(on({ headSha: AGENT_SHA, attempts: [pushed, anAttempt({ ordinal: 2, baseSha: AGENT_SHA })] })).toBe(
      AGENT_SHA,
    );
  });

  it('writes the evidence on the commit that it is about, and on no other', () => {
    expect(renderCheckRun(working, options).annotations.map(({ path, line }) => `${path}:${line}`)).toEqual([
      'src/cart.rs:41',
    ]);
    expect(renderCheckRun(working, { ...options, evidenceSha: AGENT_SHA }).annotations).toEqual([]);
    const verifying = aRemediation({ phase: 'verifying', attempts: [anAttempt({ baseSha: SHA, report: aReport() })] });
    const after = renderCheckRun(verifying, options);
    expect([after.annotations, after.headSha, after.earlier]).toEqual([[], AGENT_SHA, [SHA]]);
  });
});

describe('the comment of an escalated alert', () => {
  it('says where to look although no check is red', () => {
    const remediation = aRemediation({
      kind: 'alert',
      phase: 'escalated',
      failedChecks: [],
      url: 'https://alerts.example/1',
      reason: reason('attempts_spent'),
    });
    const text = renderComment(remediation, view);
    expect(text).toContain(
      '**Where to look**\n\n- [A platform alert](<https://alerts.example/1>)\n- `src/cart.rs`, line 41',
    );
  });
});
