import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type ChatMessage, type Chats, SLACK_TOKEN, startChats } from '../../report/notifiers/chats.ts';
import { startMailServer } from '../../report/notifiers/smtp.ts';
import { inWorld, RUNNER_LOST_LOG, type World, type WorldOptions } from '../../support/world.ts';

interface Settings {
  readonly [key: string]: unknown;
}

/** A world with chats beside it; `notifications` may name their addresses. */
async function withChats(
  notifications: (chats: Chats) => Settings,
  story: (world: World, chats: Chats) => Promise<void>,
  options: WorldOptions = {},
): Promise<void> {
  const chats = await startChats();
  try {
    const settings = { notifications: { groupSeconds: 0, ...notifications(chats) }, ...options.settings };
    await inWorld({ ...options, settings }, (world) => story(world, chats));
  } finally {
    await chats.close();
  }
}

const words = (message: ChatMessage | undefined): string => JSON.stringify(message?.body ?? null);

function said(world: World, chats: Chats, text: string, where?: ChatMessage['where']): Promise<ChatMessage> {
  return world.eventually(
    () => chats.messages.find((one) => words(one).includes(text) && (where === undefined || one.where === where)),
    `a chat says “${text}”; it says ${chats.messages.map(words).join('\n')}`,
  );
}

/** One attempt that does not hold. */
async function escalate(world: World, branch = 'topic'): Promise<string> {
  world.commit(branch);
  const { runId } = world.run(branch, { build: 'red' });
  const task = `ci-${runId}`;
  await world.phase(task, 'verifying');
  world.run(branch, { build: 'red' });
  expect((await world.ended(task)).phase).toBe('escalated');
  return task;
}

async function metric(world: World, sample: string): Promise<number> {
  const lines = String((await world.get('/metrics')).body).split('\n');
  return Number(
    lines
      .find((line) => line.startsWith(sample))
      ?.split(' ')
      .at(-1) ?? 0,
  );
}

const ONE_ATTEMPT = { maxAttempts: 1, timeWindowMinutes: 0 };

describe.concurrent('people who are told', () => {
  it('that Healer has stopped: one message, edited while it is tried again and when it is green', () =>
    withChats(
      ({ discord }) => ({ discord: { webhookUrl: discord } }),
      async (world, chats) => {
        world.plan({ '*': ['commit'] });
        const task = await escalate(world);
        const message = await said(world, chats, 'Healer has stopped');
        expect(words(message)).toContain('acme/shop topic');
        expect(words(message)).toContain('Attempt 1, Rex');

        const answer = await world.post(`/api/remediations/${task}/retry`, { by: 'ada' });
        const again: string = answer.body.remediation.task_id;
        await said(world, chats, 'Another try is under way');
        await world.phase(again, 'verifying');
        world.run('topic', { build: 'green' });
        expect((await world.ended(again)).phase).toBe('succeeded');
        const settled = await said(world, chats, 'Verified green');
        expect(settled.id).toBe(message.id);
        expect(chats.messages).toHaveLength(1);
        expect(await metric(world, 'healer_notifications_total{notifier="discord",result="sent"}')).toBe(1);
      },
      { settings: ONE_ATTEMPT },
    ));

  it('that somebody else’s commit made it green', () =>
    withChats(
      ({ discord }) => ({ discord: { webhookUrl: discord } }),
      async (world, chats) => {
        world.plan({ '*': ['commit'] });
        await escalate(world);
        await said(world, chats, 'Healer has stopped');
        world.commit('topic');
        world.run('topic', { build: 'green' });
        const message = await said(world, chats, 'green again');
        expect(message.edits).toBeGreaterThan(0);
        expect(chats.messages).toHaveLength(1);
      },
      { settings: ONE_ATTEMPT },
    ));

  it('of a success that took more than one attempt', () =>
    withChats(
      ({ slackApi }) => ({ slack: { botToken: SLACK_TOKEN, channel: 'C0123456', apiUrl: slackApi } }),
      async (world, chats) => {
        world.plan({ '*': ['commit'] });
        world.commit('topic');
        const task = `ci-${world.run('topic', { build: 'red' }).runId}`;
        await world.phase(task, 'verifying', 1);
        world.run('topic', { build: 'red' });
        await world.phase(task, 'verifying', 2);
        world.run('topic', { build: 'green' });
        expect((await world.ended(task)).phase).toBe('succeeded');
        await said(world, chats, 'Verified green in attempt 2');
        expect(chats.messages).toHaveLength(1);
      },
    ));

  it('that spending is paused, and by whom it goes on, with a signature that holds', () =>
    withChats(
      ({ webhook }) => ({ webhook: { url: webhook, secret: ['a shared secret'] } }),
      async (world, chats) => {
        await world.post('/api/pause', { by: 'ada', repository: 'acme/shop' });
        await said(world, chats, 'Paused in acme/shop by ada');
        await world.post('/api/resume', { by: 'grace', repository: 'acme/shop' });
        await said(world, chats, 'Resumed by grace');
        const [first, second] = chats.messages;
        expect([first?.body['state'], second?.body['state']]).toEqual(['open', 'closed']);
        expect(first?.body['id']).toBe(second?.body['id']);
        expect(Number(second?.body['sequence'])).toBeGreaterThan(Number(first?.body['sequence']));
        for (const message of chats.messages) {
          const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = message.headers;
          const signed = createHmac('sha256', 'a shared secret').update(`${id}.${at}.${message.raw}`).digest('base64');
          expect(signature).toBe(`v1,${signed}`);
        }
      },
    ));

  it('that the breaker opened, once, whatever number of escalations follows', () =>
    withChats(
      ({ discord }) => ({ discord: { webhookUrl: discord, events: ['breaker'] } }),
      async (world, chats) => {
        world.plan({ '*': ['commit'] });
        await escalate(world, 'one');
        await escalate(world, 'two');
        const message = await said(world, chats, 'Opened');
        expect(words(message)).toContain('2 escalations within 30 minutes');
        expect(chats.messages).toHaveLength(1);
      },
      { settings: { ...ONE_ATTEMPT, breaker: { failures: 2 } } },
    ));
});

describe.concurrent('a chat that is not well', () => {
  it('and is down for a while hears of it later, and holds up no repair', () =>
    withChats(
      ({ discord }) => ({ discord: { webhookUrl: discord } }),
      async (world, chats) => {
        world.plan({ '*': ['commit'] });
        chats.failNext({ status: 503 });
        await escalate(world);
        await world.eventually(() => chats.requests.length >= 1, 'the chat is asked');
        // The chat is still down: the next failure is taken up, repaired and verified all the same.
        world.commit('other');
        const other = `ci-${world.run('other', { build: 'red' }).runId}`;
        await world.phase(other, 'verifying');
        world.run('other', { build: 'green' });
        expect((await world.ended(other)).phase).toBe('succeeded');
        expect(chats.messages).toHaveLength(0);
        expect(await metric(world, 'healer_notifications_total{notifier="discord",result="failed"}')).toBeGreaterThan(
          0,
        );
        chats.heal();
        await said(world, chats, 'Healer has stopped');
        expect(chats.messages).toHaveLength(1);
      },
      { settings: ONE_ATTEMPT },
    ));

  it('and asks for patience is not asked again before its time, for nothing', () => {
    let shift = 0;
    return withChats(
      ({ discord }) => ({ discord: { webhookUrl: discord } }),
      async (world, chats) => {
        chats.failNext({ status: 429, headers: { 'retry-after': '600' }, body: { retry_after: 600 } }, 1);
        await world.post('/api/pause', { by: 'ada' });
        await world.eventually(() => chats.requests.length === 1, 'the chat is asked');
        await world.post('/api/pause', { by: 'ada', repository: 'acme/shop' });
        const { db } = world.service.store;
        await world.eventually(async () => {
          const rows = await db.selectFrom('notice_messages').select('due_at').execute();
          return rows.length === 2;
        }, 'both are written down');
        shift = 300_000;
        await world.eventually(
          async () => (await metric(world, 'healer_notifications_total{notifier="discord",result="failed"}')) === 1,
          'the refusal is counted',
        );
        expect(chats.requests).toHaveLength(1);
        shift = 610_000;
        await said(world, chats, 'Paused everywhere');
        await said(world, chats, 'Paused in acme/shop');
      },
      { clock: () => Date.now() + shift },
    );
  });

  it('and refuses for good is not asked for ever; the log says why without the address', async () => {
    const log: string[] = [];
    await withChats(
      ({ discord }) => ({ discord: { webhookUrl: discord } }),
      async (world, chats) => {
        world.plan({ '*': ['commit'] });
        chats.failNext({ status: 404, body: { code: 10_015, message: 'Unknown Webhook' } });
        await escalate(world);
        await world.eventually(
          () => log.find((line) => line.includes('notification failed') && line.includes('"giveUp":true')),
          'it is given up',
        );
        expect(await metric(world, 'healer_notifications_total{notifier="discord",result="dropped"}')).toBe(1);
        expect(log.join('')).not.toContain('discord-webhook-token-that-is-a-secret');
      },
      { settings: ONE_ATTEMPT, onLog: (line) => log.push(line) },
    );
  });

  it('is told after a restart what was written down before it, and edited, not told twice', () =>
    withChats(
      ({ discord }) => ({ discord: { webhookUrl: discord } }),
      async (world, chats) => {
        world.plan({ '*': ['commit'] });
        chats.failNext({ status: 500 });
        const task = await escalate(world);
        await world.restart();
        chats.heal();
        // What failed is put off for seconds; the next step brings it forward.
        await said(world, chats, 'Healer has stopped');
        await world.restart();
        const answer = await world.post(`/api/remediations/${task}/retry`, { by: 'ada' });
        await said(world, chats, 'Another try is under way');
        expect(answer.status).toBe(200);
        expect(chats.messages).toHaveLength(1);
      },
      { settings: ONE_ATTEMPT },
    ));
});

describe.concurrent('quiet hours', () => {
  it('hold back what may wait until the morning, and let pass what may not', async () => {
    let shift = Date.UTC(2026, 0, 2, 23, 30) - Date.now();
    const quietHours = { from: '22:00', to: '07:00', timeZone: 'UTC', passes: 'critical' };
    await withChats(
      ({ discord, webhook }) => ({
        quietHours,
        discord: { webhookUrl: discord },
        webhook: { url: webhook, secret: ['s'], minimumSeverity: 'critical' },
      }),
      async (world, chats) => {
        world.plan({ '*': ['commit'] });
        await escalate(world, 'one');
        await escalate(world, 'two');
        // The breaker is urgent, and the last that happened: the escalations before it were looked at and wait.
        await said(world, chats, 'Opened', 'discord');
        await said(world, chats, 'Opened', 'webhook');
        const { db } = world.service.store;
        const due = await world.eventually(async () => {
          const rows = await db.selectFrom('notice_messages').selectAll().where('state', '=', 'pending').execute();
          return rows.length === 2 && rows.every(({ tries }) => tries === 0)
            ? rows.map((row) => Number(row.due_at))
            : null;
        }, 'both escalations wait');
        expect(due).toEqual([Date.UTC(2026, 0, 3, 7), Date.UTC(2026, 0, 3, 7)]);
        expect(chats.messages).toHaveLength(2);
        shift += 8 * 3_600_000;
        await said(world, chats, 'shop one');
        await said(world, chats, 'shop two');
      },
      { settings: { ...ONE_ATTEMPT, breaker: { failures: 2 } }, clock: () => Date.now() + shift },
    );
  });
});

describe.concurrent('what comes together', () => {
  it('within the window is one message', () => {
    let shift = 0;
    return withChats(
      ({ slackWebhook }) => ({ groupSeconds: 3_600, slack: { webhookUrl: slackWebhook } }),
      async (world, chats) => {
        world.plan({ '*': ['commit'] });
        await Promise.all(['one', 'two', 'three'].map((branch) => escalate(world, branch)));
        expect(chats.messages).toHaveLength(0);
        shift = 3_600_000;
        const message = await said(world, chats, '3 need people');
        for (const branch of ['one', 'two', 'three']) expect(words(message)).toContain(`acme/shop ${branch}`);
        expect(chats.messages).toHaveLength(1);
      },
      { settings: ONE_ATTEMPT, clock: () => Date.now() + shift },
    );
  });
});

describe.concurrent('what is one thing', () => {
  it('is one message: an outage that makes many builds red, and its end', () =>
    withChats(
      ({ discord }) => ({ discord: { webhookUrl: discord } }),
      async (world, chats) => {
        const lost = { build: { red: RUNNER_LOST_LOG } };
        const runs: number[] = [];
        for (const name of ['w1', 'w2', 'w3']) {
          world.commit(name);
          runs.push(world.run(name, lost).runId);
          const isDecided = ({ phase }: { phase: string }) => phase === 'rerunning' || phase === 'deferred';
          await world.until(`ci-${runs.at(-1)}`, isDecided, `${name} is decided about`);
        }
        const message = await said(world, chats, 'many remediations at once');
        expect(words(message)).toContain('goes ahead');
        world.finish(runs[0] ?? 0, { build: 'green' });
        expect((await world.ended(`ci-${runs[0]}`)).phase).toBe('succeeded');
        const over = await said(world, chats, 'one of them turned green');
        expect(over.id).toBe(message.id);
        expect(chats.messages).toHaveLength(1);
      },
      { settings: { incidents: { remediations: 2, minutes: 10 } } },
    ));

  it('is one message: GitHub that refuses the credentials, and lets Healer in again', () =>
    withChats(
      ({ discord }) => ({ discord: { webhookUrl: discord, events: ['rights'] } }),
      async (world, chats) => {
        world.plan({ '*': ['commit'] });
        world.commit('topic');
        world.gh.outage.failNext(10_000, 401, () => true, { message: 'Bad credentials' });
        world.run('topic', { build: 'red' });
        const message = await said(world, chats, 'GitHub refuses Healer in acme/shop');
        expect(words(message)).toContain('401');
        world.gh.outage.clear();
        world.commit('other');
        world.run('other', { build: 'red' });
        const back = await said(world, chats, 'lets Healer in again');
        expect(back.id).toBe(message.id);
        expect(chats.messages).toHaveLength(1);
      },
    ));

  it('is one conversation by e-mail: a mail at the beginning and one at the end', async () => {
    const mail = await startMailServer();
    try {
      await withChats(
        () => ({ email: { url: mail.url, from: 'Healer <healer@acme.example>', to: 'ops@acme.example' } }),
        async (world) => {
          world.plan({ '*': ['commit'] });
          const task = await escalate(world);
          await world.eventually(() => mail.mails.length === 1, 'a mail arrives');
          const answer = await world.post(`/api/remediations/${task}/retry`, { by: 'ada' });
          await world.phase(answer.body.remediation.task_id, 'verifying');
          world.run('topic', { build: 'green' });
          await world.eventually(() => mail.mails.length === 2, 'a second mail arrives');
          const [first, second] = mail.mails;
          expect(first?.headers.get('subject')).toMatch(/^\[Healer\] Needs people: acme\/shop topic: \S/);
          expect(second?.headers.get('subject')).toBe(`Re: ${first?.headers.get('subject')}`);
          expect(second?.headers.get('in-reply-to')).toBe(first?.headers.get('message-id'));
          expect(second?.text).toContain('Verified green');
          expect([first?.to, first?.from]).toEqual([['ops@acme.example'], 'healer@acme.example']);
        },
        { settings: ONE_ATTEMPT },
      );
    } finally {
      await mail.close();
    }
  });
});
