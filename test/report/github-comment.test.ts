import { describe, expect, it } from 'vitest';
import { reason } from '../../src/model/reason.ts';
import type { Remediation } from '../../src/model/remediation.ts';
import {
  type CommentPort,
  type CommentView,
  type KnownComment,
  MAX_COMMENT,
  marker,
  renderComment,
  terminalCommands,
  upsertComment,
} from '../../src/report/notifiers/github-comment/index.ts';
import { makeAttempt, makeClassification, makeRemediation, NOW } from './seed.ts';

function view(remediation: Remediation, changes: Partial<CommentView> = {}): CommentView {
  return {
    maxAttempts: 3,
    classification: makeClassification(),
    codeRunPhase: null,
    pageUrl: `https://healer.example/remediations/${remediation.taskId}`,
    commands: terminalCommands(remediation),
    ...changes,
  };
}

const fixed = (commitSha: string, summary: string) => ({
  status: 'fixed' as const,
  summary,
  commitSha,
  pullRequestUrl: null,
  usage: null,
});

const failedOnce = makeAttempt({
  endedAt: NOW,
  outcome: 'ci_still_failing',
  report: fixed('1111111aaaaaaa', 'Removed the borrow.'),
  detail: 'Still red on 1111111a: lint (stable).',
  stillRed: ['lint (stable)'],
});
const second = makeAttempt({ number: 2, ordinal: 2, codeRunName: 'healer-ci-rex-5e6f7a8b' });

const CASES: Readonly<Record<string, readonly [Remediation, Partial<CommentView>]>> = {
  received: [
    makeRemediation({ agent: null, failureType: null, confidence: null, rule: null }),
    { classification: null },
  ],
  submitted: [makeRemediation({ phase: 'working', attempts: [makeAttempt()] }), {}],
  verifying: [
    makeRemediation({
      phase: 'verifying',
      attempts: [failedOnce, { ...second, report: fixed('2222222bbbb', 'Done.') }],
    }),
    {},
  ],
  'awaiting-approval': [
    makeRemediation({
      phase: 'awaiting_approval',
      reason: reason('approval_required', 'acme/shop asks for approval.'),
    }),
    {},
  ],
  succeeded: [
    makeRemediation({
      phase: 'succeeded',
      endedAt: NOW,
      reason: reason('fixed', 'All 1 failed checks are green on 2222222b.'),
      attempts: [failedOnce, { ...second, endedAt: NOW, outcome: 'success', report: fixed('2222222bbbb', 'Done.') }],
    }),
    {},
  ],
  escalated: [
    makeRemediation({
      phase: 'escalated',
      endedAt: NOW,
      reason: reason('attempts_spent', '3 attempts did not make it green.'),
      attemptsBefore: 1,
      attempts: [
        { ...failedOnce, number: 2 },
        {
          ...second,
          number: 3,
          agent: 'atlas',
          endedAt: NOW,
          outcome: 'agent_failed',
          report: {
            ...fixed('', 'The rule contradicts `deny.toml`.\n\nA person has to choose.'),
            status: 'blocked',
            commitSha: null,
          },
          detail: 'The agent is blocked: the rule contradicts deny.toml.',
        },
      ],
    }),
    {},
  ],
};

describe('the comment', () => {
  it.each(Object.entries(CASES))('of one that is %s reads as its golden file', async (name, [remediation, changes]) => {
    await expect(renderComment(remediation, view(remediation, changes))).toMatchFileSnapshot(
      `fixtures/comment-${name}.md`,
    );
  });

  it('says submitted, running, pushed and verified only when it is true', () => {
    const text = (remediation: Remediation, codeRunPhase: string | null = null) =>
      renderComment(remediation, view(remediation, { codeRunPhase }));
    const working = makeRemediation({ phase: 'working', attempts: [makeAttempt()] });
    const planned = makeRemediation({ phase: 'working', attempts: [makeAttempt({ codeRunName: null })] });
    expect(text(planned)).toContain('being prepared');
    expect(text(planned)).not.toMatch(/submitted|is running/);
    expect(text(working)).toContain('was submitted');
    expect(text(working, 'Pending')).not.toContain('is running');
    expect(text(working, 'Running')).toContain('Rex is running');
    const verifying = text(CASES['verifying']?.[0] ?? working);
    expect(verifying).toContain('pushed a commit; CI has not confirmed it yet');
    expect(verifying).not.toContain('Verified:');
    expect(text(CASES['succeeded']?.[0] ?? working)).toContain('Verified: CI is green.');
  });

  it('cannot be broken out of by backticks in a log line or a summary', () => {
    const evil = '```` </details> @everyone';
    const classification = makeClassification({ evidence: [{ line: 1, text: evil, rule: 'r`r', weight: 1 }] });
    const escalated = CASES['escalated']?.[0] ?? makeRemediation();
    const remediation = { ...escalated, attempts: [{ ...failedOnce, report: fixed('1', `\`\`\`\n${evil}`) }] };
    const lines = renderComment(remediation, view(remediation, { classification })).split('\n');
    const opened = lines.filter((line) => /^\s*`{5,}text$/.test(line));
    const closed = lines.filter((line) => /^\s*`{5,}$/.test(line));
    expect(opened).toHaveLength(2);
    expect(closed).toHaveLength(2);
    for (const line of lines.filter((candidate) => candidate.includes('@everyone')))
      expect(line).toMatch(/^\s*(1 \| )?````/);
  });

  it('mentions nobody, links no issue and lets no HTML through, whatever the names are', () => {
    const name = '@octocat fixes #12 GH-13 <img src=x onerror=alert(1)> [a](https://evil.example) | x';
    const check = {
      ...(makeRemediation().failedChecks[0] ?? never()),
      name,
      url: 'javascript:alert(1)',
      failedSteps: [name],
    };
    const remediation = makeRemediation({
      phase: 'escalated',
      branch: name,
      workflowName: name,
      url: 'data:text/html,x',
      failedChecks: [check],
      reason: reason('attempts_spent', name),
      attempts: [{ ...failedOnce, agent: name, detail: name, stillRed: [name] }],
    });
    const text = renderComment(remediation, view(remediation));
    const prose = text.replace(/`+[^`]*`+/g, '').replace(marker(remediation.taskId), '');
    expect(prose).not.toMatch(/@octocat|#12|GH-13|<img|\]\(https/);
    expect(text).not.toMatch(/javascript:|data:text/);
  });

  it('keeps a table row in one piece when a check’s name holds a pipe or a line break', () => {
    const remediation = makeRemediation({
      phase: 'retrying',
      attempts: [{ ...failedOnce, stillRed: ['a | b\n| c |'] }],
    });
    const rows = renderComment(remediation, view(remediation))
      .split('\n')
      .filter((line) => line.startsWith('| 1 of 3'));
    expect(rows).toHaveLength(1);
    expect(rows[0]?.match(/(?<!\\)\|/g)).toHaveLength(6);
  });

  it('stays within GitHub’s limit however much there is to say, and says that it left something out', () => {
    const long = '`*@#|<'.repeat(2_000);
    const check = makeRemediation().failedChecks[0] ?? never();
    const checks = Array.from({ length: 300 }, (_, n) => ({
      ...check,
      name: `${n} ${long}`,
      failedSteps: [long, long, long],
    }));
    const attempts = Array.from({ length: 40 }, (_, n) => ({
      ...failedOnce,
      ordinal: n + 1,
      detail: long,
      report: fixed('1', `${long}\n`.repeat(50)),
      stillRed: checks.map(({ name }) => name),
    }));
    const remediation = makeRemediation({
      phase: 'escalated',
      failedChecks: checks,
      attempts,
      branch: long,
      workflowName: long,
    });
    const evidence = Array.from({ length: 500 }, (_, n) => ({ line: n, text: long, rule: 'r', weight: 1 }));
    const text = renderComment(remediation, view(remediation, { classification: makeClassification({ evidence }) }));
    expect(text.length).toBeLessThanOrEqual(MAX_COMMENT);
    expect(text).toContain('Something was left out here');
    expect(text).toContain('**What you can type**');
  });

  it('offers approval where it is awaited and nothing after success', () => {
    const types = (changes: Partial<Remediation>) =>
      terminalCommands(makeRemediation(changes)).map((hint) => hint.type);
    expect(types({ phase: 'awaiting_approval' }).join()).toContain('approve ci-16204417720');
    expect(types({ phase: 'working' }).join()).toContain('cancel');
    expect(types({ phase: 'escalated' })).toEqual(['healer remediations retry ci-16204417720 --guidance "…"']);
    expect(types({ phase: 'succeeded' })).toEqual([]);
  });
});

function never(): never {
  throw new Error('the seed has a check');
}

/** A pull request with its comments, as a port. */
function pullRequest(comments: KnownComment[]): CommentPort & { readonly comments: KnownComment[]; writes: number } {
  const port = {
    comments,
    writes: 0,
    list: async () => comments,
    create: async (body: string) => {
      port.writes += 1;
      const id = comments.length + 1;
      comments.push({ id, body, isOurs: true });
      return { id };
    },
    update: async (id: number, body: string) => {
      const at = comments.findIndex((comment) => comment.id === id && comment.body !== 'deleted');
      if (at < 0) return 'gone' as const;
      port.writes += 1;
      comments[at] = { id, body, isOurs: true };
      return 'updated' as const;
    },
  };
  return port;
}

describe('keeping one comment', () => {
  const first = marker('ci-1');

  it('creates it once, edits it afterwards, and writes nothing when nothing changed', async () => {
    const port = pullRequest([]);
    expect(await upsertComment(port, first, `${first}\none\n`)).toEqual({ id: 1, action: 'created' });
    expect(await upsertComment(port, first, `${first}\ntwo\n`)).toEqual({ id: 1, action: 'updated' });
    expect(await upsertComment(port, first, `${first}\ntwo\n`)).toEqual({ id: 1, action: 'unchanged' });
    expect(port.comments).toHaveLength(1);
    expect(port.writes).toBe(2);
  });

  it('takes GitHub’s line ends and lost trailing space for the same text', async () => {
    const port = pullRequest([{ id: 1, body: `${first}\r\none`, isOurs: true }]);
    expect(await upsertComment(port, first, `${first}\none\n`)).toEqual({ id: 1, action: 'unchanged' });
  });

  it('does not touch a comment in which somebody else copied or quoted the marker', async () => {
    const port = pullRequest([
      { id: 1, body: `${first}\nforged`, isOurs: false },
      { id: 2, body: `> ${first}`, isOurs: true },
    ]);
    expect(await upsertComment(port, first, `${first}\none\n`)).toEqual({ id: 3, action: 'created' });
    expect(port.comments[0]?.body).toContain('forged');
  });

  it('does not take the comment of another task whose id begins alike', async () => {
    const port = pullRequest([{ id: 1, body: `${marker('ci-12')}\nother`, isOurs: true }]);
    expect((await upsertComment(port, first, `${first}\none\n`)).action).toBe('created');
  });

  it('writes a new one when a person deleted it meanwhile', async () => {
    const port = pullRequest([{ id: 1, body: `${first}\none`, isOurs: true }]);
    port.update = async () => 'gone';
    expect(await upsertComment(port, first, `${first}\ntwo\n`)).toEqual({ id: 2, action: 'created' });
  });
});
