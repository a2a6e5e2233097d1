import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../../../src/intake/sources/github/command.ts';
import { normalise } from '../../../../src/intake/sources/github/normalise.ts';
import { comment } from '../../support/bodies.ts';
import { cpuMs } from '../../support/cpu.ts';

describe('a comment with a command', () => {
  it.each([
    ['/healer fix', 'fix', ''],
    ['/healer retry use the older crate', 'retry', 'use the older crate'],
    ['/healer\tRETRY\t now  please ', 'retry', 'now  please'],
    ['/healer', 'help', ''],
    ['/healer   ', 'help', ''],
    ['It is red again.\r\n\r\n/healer fix\r\nthanks', 'fix', ''],
    ['/healer cancel\n/healer fix', 'cancel', ''],
    ['```\n/healer cancel\n```\n/healer fix', 'fix', ''],
    ['> /healer cancel\n\n/healer status', 'status', ''],
    ['an unclosed ` tick\n\n/healer fix', 'fix', ''],
    ['``two`one``\n/healer fix', 'fix', ''],
    ['a <!-- that never closes\n/healer fix', 'fix', ''],
    ['<!-- seen by nobody -->\n/healer fix', 'fix', ''],
    ['/healer retry keep `cargo fmt`', 'retry', 'keep `cargo fmt`'],
    ['~~~\n```\n~~~\n/healer fix', 'fix', ''],
  ])('%j asks for %s %j', (text, verb, argument) => {
    expect(parseCommand(text)).toEqual({ verb, argument });
  });

  it.each([
    ['', 'nothing'],
    ['please /healer fix', 'not at the start of the line'],
    [' /healer fix', 'indented'],
    ['    /healer fix', 'indented code'],
    ['> /healer fix', 'a quote'],
    ['>> /healer fix', 'a quote in a quote'],
    ['- /healer fix', 'a list'],
    ['```\n/healer fix\n```', 'fenced code'],
    ['````sh\n```\n/healer fix\n````', 'a fence within a longer fence'],
    ['~~~ text\n/healer fix\n~~~', 'fenced with tildes'],
    ['```\n/healer fix', 'a fence that never closes'],
    ['look at `this\n/healer fix\nthing`', 'a code span over several lines'],
    ['<!--\n/healer fix\n-->', 'a hidden comment'],
    ['<!--\n/healer fix', 'a hidden comment that never closes'],
    ['/healers fix', 'another word'],
    ['/healer-fix', 'another word'],
    ['/Healer fix', 'other letters'],
    ['/healer 123', 'no verb'],
    ['//healer fix', 'two slashes'],
  ])('%j holds none: %s', (text) => {
    expect(parseCommand(text)).toBeNull();
  });

  it('is read in linear time whatever it holds', () => {
    const parts = [
      '`',
      '` ',
      '`` ` ',
      '<!--',
      '\n<!-- x',
      '-->',
      '/healer ',
      '~~~\n',
      '> `\n',
      '\n\n',
      '\u001b[',
      '[1m',
    ];
    const hostile = parts.map((part) => part.repeat(Math.floor(65_536 / part.length)));
    for (const text of [...hostile, `/healer${' '.repeat(65_000)}1`, `/healer fix${' '.repeat(65_000)}\u0001`])
      expect(
        cpuMs(() => parseCommand(text), 200),
        JSON.stringify(text.slice(0, 12)),
      ).toBeLessThan(200);
  });

  it('keeps control characters out of the argument and bounds it', () => {
    expect(parseCommand(`/healer retry a\u0000b\u001b[31mc\u202e ${'x'.repeat(5_000)}`)?.argument).toMatch(
      /^abc x{1996}$/,
    );
  });
});

describe('an issue_comment event', () => {
  it('becomes a command with who asked, where, and in which comment', () => {
    expect(normalise('issue_comment', comment('/healer retry pin serde')).signals).toEqual([
      {
        kind: 'command',
        repository: 'acme/shop',
        pullRequest: 12,
        defaultBranch: 'main',
        isPullRequest: true,
        commentId: 880,
        commentKind: 'issue',
        commentNodeId: 'IC_kwDOA',
        url: 'https://github.com/acme/shop/pull/12#issuecomment-880',
        authorAssociation: 'MEMBER',
        headRef: null,
        headSha: null,
        baseRef: null,
        fromFork: null,
        actor: { login: 'maria', type: 'User' },
        verb: 'retry',
        argument: 'pin serde',
      },
    ]);
  });

  it.each([
    ['edited', comment('/healer fix', {}, 'edited'), 'not_a_failure', 'edited'],
    ['deleted', comment('/healer fix', {}, 'deleted'), 'not_a_failure', 'deleted'],
    ['without a command', comment('looks good'), 'not_a_failure', 'no /healer command'],
    [
      'of Healer itself',
      comment('/healer fix', { performed_via_github_app: { id: 4242, slug: 'acme-fixer' } }),
      'healer_itself',
      'Healer',
    ],
  ])('%s is none', (_, body, code, words) => {
    const { signals, ignored } = normalise('issue_comment', body, { appId: 4242 });
    expect(signals).toEqual([]);
    expect(ignored).toMatchObject({ code, detail: expect.stringContaining(words) });
  });

  it('on an issue says that it is no pull request, so that the answer can say it too', () => {
    const body = { ...comment('/healer status'), issue: { number: 4 } };
    expect(normalise('issue_comment', body).signals[0]).toMatchObject({ pullRequest: 4, isPullRequest: false });
  });

  it.each([
    [{ author_association: 'Owner; drop' }, { authorAssociation: null }],
    [{ node_id: '<img>' }, { commentNodeId: null }],
    [{ html_url: 'javascript:alert(1)' }, { url: null }],
    [
      { author_association: undefined, node_id: undefined },
      { authorAssociation: null, commentNodeId: null },
    ],
  ])('leaves out what is not of its kind: %j', (fields, expected) => {
    expect(normalise('issue_comment', comment('/healer fix', fields)).signals[0]).toMatchObject(expected);
  });

  it('of a bot is handed on as a bot’s: whether it may is for the decision', () => {
    const user = { login: 'renovate[bot]', type: 'Bot' };
    expect(normalise('issue_comment', comment('/healer fix', { user })).signals[0]).toMatchObject({ actor: user });
  });
});
