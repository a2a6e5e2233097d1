import { describe, expect, it } from 'vitest';
import { normalise } from '../../../../src/intake/sources/github/normalise.ts';
import { review, reviewComment, STITCH } from '../../support/alerts.ts';
import { checkRun, pullRequestEntry, SHA } from '../../support/bodies.ts';

const stitch = { login: 'acme-stitch[bot]', type: 'Bot' };
const place = { headRef: 'feature/cart', headSha: SHA, baseRef: 'main', fromFork: false };
const SELF = { appId: 4242 };

describe('a submitted review', () => {
  it('that requests changes asks for a repair, with its words', () => {
    expect(normalise('pull_request_review', review()).signals).toEqual([
      {
        kind: 'review_requested',
        repository: 'acme/shop',
        defaultBranch: 'main',
        pullRequest: 12,
        ...place,
        source: 'review',
        reviewer: stitch,
        app: { id: null, slug: 'acme-stitch' },
        actor: stitch,
        authorAssociation: 'NONE',
        state: 'changes_requested',
        reviewId: 6001,
        commentId: null,
        button: null,
        findings: [],
        body: 'The cart is never emptied.\nSee src/cart.ts.',
        url: 'https://github.com/acme/shop/pull/12#pullrequestreview-6001',
      },
    ]);
  });

  it.each([
    ['comments', { state: 'commented' }],
    ['requests changes without a word of its own, for the words are on the lines', { body: '' }],
    ['is written in capitals, as GraphQL does', { state: 'CHANGES_REQUESTED' }],
  ])('that %s asks for one', (_, fields) => {
    expect(normalise('pull_request_review', review(fields)).signals[0]).toMatchObject({ kind: 'review_requested' });
  });

  it.each([
    ['approves', review({ state: 'approved' }), 'approved'],
    ['approves in capitals', review({ state: 'APPROVED' }), 'approved'],
    ['was dismissed', review({ state: 'dismissed' }), 'dismissed'],
    ['is still pending', review({ state: 'pending' }), 'pending'],
    ['is empty', review({ state: 'commented', body: null }), 'no words'],
    ['is blank', review({ state: 'commented', body: ' \n\t' }), 'no words'],
    ['is edited', review({}, 'edited'), 'edited'],
    ['is dismissed', review({}, 'dismissed'), 'dismissed'],
  ])('that %s asks for nothing', (_, body, words) => {
    const { signals, ignored } = normalise('pull_request_review', body);
    expect(signals).toEqual([]);
    expect(ignored).toMatchObject({ code: 'not_a_failure', detail: expect.stringContaining(words) });
  });

  it.each([
    ['a person', { login: 'ann', type: 'User' }, {}, null],
    ['a person who is called like a bot', { login: 'acme-stitch', type: 'User' }, {}, null],
    ['an account that only looks like one', { login: 'x[bot]', type: 'User' }, {}, null],
    ['a bot', STITCH, {}, { id: null, slug: 'acme-stitch' }],
    [
      'an App that GitHub names',
      STITCH,
      { performed_via_github_app: { id: 99, slug: 'acme-stitch' } },
      { id: 99, slug: 'acme-stitch' },
    ],
  ])('of %s says whether that is an App', (_, user, fields, app) => {
    expect(normalise('pull_request_review', review({ user, ...fields })).signals[0]).toMatchObject({ app });
  });

  it('from a fork says so', () => {
    const body = review();
    const head = { ref: 'main', sha: SHA, repo: { id: 900, full_name: 'stranger/shop' } };
    const pull_request = { ...body.pull_request, head };
    expect(normalise('pull_request_review', { ...body, pull_request }).signals[0]).toMatchObject({ fromFork: true });
  });

  it('of Healer’s own App is left alone', () => {
    const body = review({ performed_via_github_app: { id: 4242, slug: 'fixer' } });
    expect(normalise('pull_request_review', body, SELF).ignored?.code).toBe('healer_itself');
  });

  it('keeps its words clean and bounded', () => {
    const [signal] = normalise(
      'pull_request_review',
      review({ body: `\u001b[31mred\u0000 ${'x'.repeat(70_000)}` }),
    ).signals;
    const body = signal?.kind === 'review_requested' ? signal.body : '';
    expect(body.startsWith('red xxx')).toBe(true);
    expect(body.length).toBeLessThanOrEqual(32_768);
  });
});

describe('a command in a review', () => {
  it('is a command and the findings both, because whose word counts is decided later', () => {
    const { signals } = normalise('pull_request_review', review({ body: 'No.\n/healer fix the cart' }));
    expect(signals).toMatchObject([
      { kind: 'command', verb: 'fix', argument: 'the cart', commentKind: 'review_body', commentId: 6001, ...place },
      { kind: 'review_requested' },
    ]);
  });

  it('that approves is a command alone', () => {
    const { signals } = normalise('pull_request_review', review({ state: 'approved', body: '/healer approve' }));
    expect(signals).toMatchObject([{ kind: 'command', verb: 'approve', actor: stitch }]);
  });

  it('in a comment on a line is a command, with where to set the reaction', () => {
    expect(normalise('pull_request_review_comment', reviewComment({ body: '/healer retry' })).signals).toMatchObject([
      {
        kind: 'command',
        verb: 'retry',
        pullRequest: 12,
        isPullRequest: true,
        commentKind: 'review',
        commentId: 7001,
        commentNodeId: 'PRRC_kwDO',
        authorAssociation: 'NONE',
        ...place,
      },
    ]);
  });

  it('in an answer to another comment is one too', () => {
    const body = reviewComment({ body: '/healer retry', in_reply_to_id: 5 });
    expect(normalise('pull_request_review_comment', body).signals).toMatchObject([{ kind: 'command' }]);
  });

  it('of nobody is none', () => {
    const body = { ...reviewComment({ body: '/healer fix', user: null }), sender: null };
    expect(normalise('pull_request_review_comment', body).ignored?.detail).toContain('who wrote it');
  });
});

describe('a review comment', () => {
  it('is a finding with its place', () => {
    expect(normalise('pull_request_review_comment', reviewComment()).signals).toEqual([
      {
        kind: 'review_requested',
        repository: 'acme/shop',
        defaultBranch: 'main',
        pullRequest: 12,
        ...place,
        source: 'review_comment',
        reviewer: stitch,
        app: { id: null, slug: 'acme-stitch' },
        actor: stitch,
        authorAssociation: 'NONE',
        state: null,
        reviewId: 6001,
        commentId: 7001,
        button: null,
        findings: [{ path: 'src/cart.ts', line: 40, body: 'This index is off by one.' }],
        body: '',
        url: 'https://github.com/acme/shop/pull/12#discussion_r7001',
      },
    ]);
  });

  it('on a whole file has no line', () => {
    const { signals } = normalise('pull_request_review_comment', reviewComment({ line: null }));
    expect(signals[0]).toMatchObject({ findings: [{ line: null }] });
  });

  it.each([
    ['answers another', reviewComment({ in_reply_to_id: 7000 }), 'answers another'],
    ['is empty', reviewComment({ body: ' ' }), 'empty'],
    ['was edited', reviewComment({}, 'edited'), 'edited'],
    ['was deleted', reviewComment({}, 'deleted'), 'deleted'],
  ])('that %s is no finding', (_, body, words) => {
    const { signals, ignored } = normalise('pull_request_review_comment', body);
    expect(signals).toEqual([]);
    expect(ignored).toMatchObject({ code: 'not_a_failure', detail: expect.stringContaining(words) });
  });

  it('of Healer’s own App is left alone', () => {
    const body = reviewComment({ performed_via_github_app: { id: 4242, slug: 'fixer' } });
    expect(normalise('pull_request_review_comment', body, SELF).ignored?.code).toBe('healer_itself');
  });
});

describe('a pressed button', () => {
  const press = (fields: object, identifier: unknown = 'fix-it') => ({
    ...checkRun({ ...fields }, 'requested_action'),
    requested_action: { identifier },
  });

  it('of another App’s check says which, and what the check says', () => {
    const body = press({
      name: 'Stitch',
      status: 'completed',
      app: { id: 99, slug: 'acme-stitch' },
      external_id: 'review-5',
      output: { title: '3 findings', summary: 'The cart is never emptied.' },
      pull_requests: [pullRequestEntry(12, 501, 501)],
    });
    expect(normalise('check_run', body, SELF).signals).toEqual([
      {
        kind: 'review_requested',
        repository: 'acme/shop',
        defaultBranch: 'main',
        pullRequest: 12,
        ...place,
        source: 'button',
        reviewer: null,
        app: { id: 99, slug: 'acme-stitch' },
        actor: { login: 'maria', type: 'User' },
        authorAssociation: null,
        state: null,
        reviewId: null,
        commentId: null,
        button: {
          identifier: 'fix-it',
          checkRunId: 77_001,
          checkName: 'Stitch',
          externalId: 'review-5',
          isOwn: false,
        },
        findings: [],
        body: '3 findings\n\nThe cart is never emptied.',
        url: 'https://github.com/acme/shop/actions/runs/9001/job/31',
      },
    ]);
  });

  it('of Healer’s own check is told as such, by App id or by name', () => {
    for (const fields of [{ app: { id: 4242, slug: 'fixer' } }, { name: 'Healer', app: { id: 1, slug: 'x' } }])
      expect(normalise('check_run', press(fields), SELF).signals[0]).toMatchObject({ button: { isOwn: true } });
  });

  it('of an App whose name cannot be one is known by its id alone', () => {
    for (const slug of ['a\u0000b', '<b>', '', 7])
      expect(normalise('check_run', press({ app: { id: 99, slug } })).signals[0]).toMatchObject({
        app: { id: 99, slug: null },
      });
  });

  it('without a pull request has none, and no base', () => {
    expect(normalise('check_run', press({}), SELF).signals[0]).toMatchObject({
      pullRequest: null,
      headRef: 'feature/cart',
      baseRef: null,
      fromFork: null,
    });
  });

  it.each(['', ' ', 7, null])('that is named %j is none that Healer knows', (identifier) => {
    const body = press({}, identifier);
    expect(normalise('check_run', body).ignored?.code).toBe('button_unknown');
    expect(normalise('check_run', body).signals).toEqual([]);
  });
});
