import { createHmac } from 'node:crypto';
import { expect } from 'vitest';
import { sha256 } from '../../src/lib/digest.ts';
import { aBody } from '../support/deliveries.ts';
import { API_TOKEN, WEBHOOK_SECRET, type World } from '../support/world.ts';

export const READ_TOKEN = 'a-token-that-may-read';
const DOOR = '/api/remediate/ci-failure';
const HOOK = '/api/webhooks/github';

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: an answer or a problem
  readonly body: any;
}

const sign = (body: string, secret = WEBHOOK_SECRET, kind = 'sha256'): string =>
  `${kind}=${createHmac(kind, secret).update(body).digest('hex')}`;

let runs = 0;
/** A body that nobody has seen. */
const fresh = (): string => aBody(++runs);

/** Worlds in which nobody waits for the decision. */
const NOBODY_WAITS = new WeakSet<World>();

/** From now on every sender of the attacks asks for `respond-async`, and looks up later what became of its delivery. */
export function doNotWait(world: World): void {
  NOBODY_WAITS.add(world);
}

/** Sends it; where nobody waits, the answer is what is told about the delivery when it is decided. */
async function send(
  world: World,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<Answer> {
  const prefer: Readonly<Record<string, string>> = NOBODY_WAITS.has(world) ? { prefer: 'respond-async' } : {};
  const response = await fetch(`${world.url}${path}`, { method: 'POST', headers: { ...headers, ...prefer }, body });
  const answer: Answer = { status: response.status, body: await response.json() };
  if (!NOBODY_WAITS.has(world) || response.status >= 300) return answer;
  expect(answer).toMatchObject({ status: 202, body: { reason: { code: 'kept' }, remediation_id: null } });
  const told = await world.eventually(async () => {
    const { body: delivery } = await world.get(answer.body.status_url);
    return delivery.state === 'decided' ? delivery : null;
  }, 'what was kept is decided');
  return { status: told.status === 'accepted' ? 202 : 200, body: told };
}

/** As GitHub would send it, with what the attack changes. */
async function webhook(
  world: World,
  body: string,
  headers: Readonly<Record<string, string | null>> = {},
): Promise<Answer> {
  const all = {
    'content-type': 'application/json',
    'x-github-event': 'workflow_job',
    'x-github-delivery': `id-${Math.random()}`,
    'x-hub-signature-256': sign(body),
    ...headers,
  };
  const sent = Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null));
  return send(world, HOOK, sent, body);
}

async function sensor(world: World, body: string, authorization: string | null): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'x-github-event': 'workflow_job' };
  return send(world, DOOR, authorization === null ? headers : { ...headers, authorization }, body);
}

function expectRefused(answer: Answer, status: number, kind: string): void {
  expect(answer).toMatchObject({ status, body: { type: `urn:healer:problem:${kind}` } });
}

export interface Attack {
  readonly attack: string;
  readonly holds: string;
  /** Deliveries that are kept after it; none unless said. */
  readonly keeps?: number;
  /** So many more where nobody waits: what was acknowledged before it was looked at leaves a reason. */
  readonly keepsUnread?: number;
  readonly run: (world: World) => Promise<void>;
}

/** One row each: what is tried, and what must hold. */
export const AT_THE_DOORS: readonly Attack[] = [
  {
    attack: 'a body without a signature',
    holds: '401, nothing kept',
    run: async (world) => {
      expectRefused(await webhook(world, fresh(), { 'x-hub-signature-256': null }), 401, 'signature-missing');
    },
  },
  {
    attack: 'a signature of the old kind (SHA-1), though it is right',
    holds: '401, nothing kept',
    run: async (world) => {
      const body = fresh();
      const old = { 'x-hub-signature-256': null, 'x-hub-signature': sign(body, WEBHOOK_SECRET, 'sha1') };
      expectRefused(await webhook(world, body, old), 401, 'signature-outdated');
    },
  },
  {
    attack: 'a signature with another secret',
    holds: '401, nothing kept',
    run: async (world) => {
      const body = fresh();
      expectRefused(
        await webhook(world, body, { 'x-hub-signature-256': sign(body, 'guess') }),
        401,
        'signature-mismatch',
      );
    },
  },
  {
    attack: 'a right signature of another body',
    holds: '401, nothing kept',
    run: async (world) => {
      const other = { 'x-hub-signature-256': sign(fresh()) };
      expectRefused(await webhook(world, fresh(), other), 401, 'signature-mismatch');
    },
  },
  {
    attack: 'a signature of the wrong length: one digit short, one too many, none, twice',
    holds: '401, no crash, nothing kept',
    run: async (world) => {
      const body = fresh();
      const right = sign(body);
      for (const wrong of [right.slice(0, -1), `${right}0`, 'sha256=', `${right}${right.slice(7)}`, right.slice(7)])
        expectRefused(await webhook(world, body, { 'x-hub-signature-256': wrong }), 401, 'signature-malformed');
    },
  },
  {
    attack: 'the id of a real delivery, taken by who has no secret',
    holds: '401, and the real one is taken when it comes',
    keeps: 1,
    run: async (world) => {
      const id = { 'x-github-delivery': 'id-of-the-real-one' };
      const forged = fresh();
      expectRefused(
        await webhook(world, forged, { ...id, 'x-hub-signature-256': sign(forged, 'guess') }),
        401,
        'signature-mismatch',
      );
      const real = await webhook(world, fresh(), id);
      expect(real).toMatchObject({ status: 202, body: { dedup_status: 'new' } });
    },
  },
  {
    attack: 'a captured body with its signature, replayed under another id',
    holds: 'the first answer again; nothing happens twice, and the new id is not used up',
    keeps: 2,
    run: async (world) => {
      const [body, id] = [fresh(), { 'x-github-delivery': 'id-to-be-used-up' }];
      const first = await webhook(world, body);
      const before = (await world.all()).length;
      const replayed = await webhook(world, body, id);
      expect(replayed.body).toEqual(first.body);
      expect(await world.all()).toHaveLength(before);
      const real = await webhook(world, fresh(), id);
      expect(real.body).toMatchObject({ dedup_status: 'new' });
    },
  },
  {
    attack: 'the id of a delivery that was taken, under another body',
    holds: 'the first one counts, and nothing happens for the second',
    keeps: 1,
    keepsUnread: 1,
    run: async (world) => {
      const id = { 'x-github-delivery': `taken-${++runs}` };
      const first = await webhook(world, fresh(), id);
      expect(first).toMatchObject({ status: 202, body: { dedup_status: 'new' } });
      const before = (await world.all()).length;
      await webhook(world, fresh(), id);
      expect(await world.all()).toHaveLength(before);
    },
  },
  {
    attack: 'a branch and a job that are named like markup',
    holds: 'text on every page that tells of it',
    keeps: 1,
    run: async (world) => {
      const name = 'x"><img/src=x/onerror=alert(1)>';
      const { workflow_job: job, ...rest } = JSON.parse(fresh());
      const body = JSON.stringify({ ...rest, workflow_job: { ...job, head_branch: name, name } });
      const { status } = await sensor(world, body, `Bearer ${API_TOKEN}`);
      expect(status).toBe(202);
      for (const path of ['/', '/remediations', '/deliveries', `/deliveries/${sha256(body)}`]) {
        const page = await world.get(path);
        expect(page.status, path).toBe(200);
        expect(page.body, path).not.toMatch(/<img\/src/);
      }
    },
  },
  {
    attack: 'a token that may only read, at a door',
    holds: '401',
    run: async (world) => expectRefused(await sensor(world, fresh(), `Bearer ${READ_TOKEN}`), 401, 'token-read-only'),
  },
  {
    attack: 'the webhook secret as a token, a token as a password, no token, two tokens',
    holds: '401',
    run: async (world) => {
      const basic = `Basic ${Buffer.from(`healer:${API_TOKEN}`).toString('base64')}`;
      const spelled = WEBHOOK_SECRET.replaceAll(' ', '');
      expectRefused(await sensor(world, fresh(), `Bearer ${spelled}`), 401, 'token-unknown');
      expectRefused(await sensor(world, fresh(), basic), 401, 'token-malformed');
      expectRefused(await sensor(world, fresh(), null), 401, 'token-missing');
      expectRefused(await sensor(world, fresh(), `Bearer ${API_TOKEN} ${API_TOKEN}`), 401, 'token-malformed');
    },
  },
  {
    attack: 'a bearer token instead of a signature at GitHub’s door',
    holds: '401',
    run: async (world) => {
      const token = { 'x-hub-signature-256': null, authorization: `Bearer ${API_TOKEN}` };
      expectRefused(await webhook(world, fresh(), token), 401, 'signature-missing');
    },
  },
  {
    attack: 'a read token that orders a retry, a pause, a cancel',
    holds: '401',
    run: async (world) => {
      for (const path of ['/api/remediations/ci-1/retry', '/api/remediations/ci-1/cancel', '/api/pause']) {
        const response = await fetch(`${world.url}${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${READ_TOKEN}`, 'content-type': 'application/json' },
          body: '{}',
        });
        expect(response.status, path).toBe(401);
      }
    },
  },
  {
    attack: 'a sender whose login ends in [bot], as an App that nobody listed',
    holds: 'skipped: a suffix proves nothing',
    keeps: 1,
    run: async (world) => {
      const body = JSON.stringify({ ...JSON.parse(fresh()), sender: { login: 'renovate-2[bot]', type: 'Bot' } });
      const answer = await sensor(world, body, `Bearer ${API_TOKEN}`);
      expect(answer).toMatchObject({ status: 200, body: { status: 'skipped', reason: { code: 'bot_author' } } });
    },
  },
  {
    attack: 'a comment by a person whose login is made to look like our own or a listed bot',
    holds: 'GitHub is asked what that login may do, and it may nothing',
    keeps: 2,
    run: async (world) => {
      const before = (await world.all()).length;
      for (const login of ['dependabot[bot]', '5dlabs-rex[bot]']) {
        const answer = await world.deliver('issue_comment', {
          action: 'created',
          issue: { number: 1, pull_request: { url: 'https://api.github.com/repos/acme/shop/pulls/1' } },
          comment: {
            id: ++runs,
            node_id: 'x',
            body: '/healer fix',
            user: { login, type: 'User' },
            author_association: 'OWNER',
          },
          repository: { full_name: 'acme/shop', default_branch: 'main' },
          sender: { login, type: 'User' },
        });
        expect(answer.status, login).toBeLessThan(500);
      }
      await world.eventually(
        async () =>
          (await world.service.store.db.selectFrom('commands').select('state').execute()).every(
            ({ state }) => state !== 'pending',
          ),
        'the commands are answered',
      );
      expect(await world.all()).toHaveLength(before);
    },
  },
];
