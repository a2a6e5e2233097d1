import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNotices } from '../../src/app/notify.ts';
import { type Rights, watchRights } from '../../src/app/notify-rights.ts';
import { createGitHub } from '../../src/lib/github/client.ts';
import { claimMessage, finishMessage } from '../../src/store/notices.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { NOON } from '../support/clock.ts';

let store: Store;
let rights: Rights;
let now = NOON;
let count = 0;

function watched(): Rights {
  const notices = createNotices({
    dialect: store.dialect,
    listeners: [{ name: 'discord', edits: true, wants: () => true }],
    places: { page: () => null, pullRequest: () => '' },
    newId: () => {
      count += 1;
      return `n${count}`;
    },
    groupMs: 0,
  });
  return watchRights({ store, clock: () => now, notices, onError: (message) => expect.unreachable(message) });
}

beforeEach(async () => {
  now = NOON;
  count = 0;
  store = await openStore({ kind: 'memory' });
  rights = watched();
});
afterEach(() => store.close());

async function told(): Promise<string | null> {
  await rights.settled();
  const claimed = await claimMessage(store, 'discord', now, 60_000);
  if (claimed !== null) await finishMessage(store.db, claimed, { message: 'm' });
  return claimed?.notice.items.map(({ status, isOpen }) => `${isOpen ? 'open' : 'over'}: ${status}`).join('\n') ?? null;
}

const heard = (route: string, refusal: string | null): void =>
  rights.heard({ repository: 'acme/shop', route, refusal });

describe('lost rights', () => {
  it('are told once, and taken back when the same request succeeds', async () => {
    heard('POST /x', '403, Resource not accessible by integration');
    heard('POST /x', '403, Resource not accessible by integration');
    expect(await told()).toContain('open: GitHub refuses Healer in acme/shop: 403');
    heard('GET /y', null);
    expect(await told()).toBeNull();
    heard('POST /x', null);
    expect(await told()).toBe('over: GitHub lets Healer in again.');
    heard('POST /x', null);
    expect(await told()).toBeNull();
  });

  it('of credentials are back with whatever succeeds', async () => {
    heard('POST /x', '401, Bad credentials');
    expect(await told()).toContain('401');
    heard('GET /y', null);
    expect(await told()).toContain('over');
  });

  it('that were told before a restart are taken back after it', async () => {
    heard('POST /x', '401, Bad credentials');
    await told();
    rights = watched();
    await rights.recall();
    heard('GET /y', null);
    expect(await told()).toContain('over');
  });
});

describe('what GitHub’s answers say about rights', () => {
  it.each<readonly [string, number, string, Record<string, string>, string | null]>([
    ['a missing permission', 403, 'Resource not accessible by integration', {}, '403, Resource not accessible'],
    ['wrong credentials', 401, 'Bad credentials', {}, '401, Bad credentials'],
    ['an archive', 403, 'Repository was archived so is archived, and is archived.', {}, '403, Repository was archived'],
    ['a run that cannot be started again', 403, 'Unable to retry this workflow run', {}, null],
    ['a secondary limit', 403, 'You have exceeded a secondary rate limit', { 'retry-after': '60' }, null],
    ['something that is not there', 404, 'Not Found', {}, null],
    ['an outage', 502, 'Server Error', {}, null],
  ])('%s', async (_what, status, message, headers, refusal) => {
    const seen: (string | null)[] = [];
    const github = createGitHub({
      auth: { kind: 'token', token: 't' },
      version: 'test',
      baseUrl: 'http://127.0.0.1:9',
      retryBaseMs: 1,
      fetch: async () => Response.json({ message }, { status, headers }),
      onAccess: (access) => seen.push(access.refusal),
    });
    const asked = github.forRepository('acme/shop').rest.repos.get({ owner: 'acme', repo: 'shop' });
    await expect(asked).rejects.toThrow();
    if (refusal === null) expect(seen).toEqual([]);
    else expect(seen).toEqual([expect.stringContaining(refusal)]);
  });
});
