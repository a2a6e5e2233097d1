import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_TOKEN, startGitHub } from '../../../src/cli/demo/github/index.ts';
import { createGitHub } from '../../../src/lib/github/client.ts';
import { createHttpClient } from '../../../src/lib/http.ts';
import type { Notice } from '../../../src/model/notice.ts';
import type { Remediation } from '../../../src/model/remediation.ts';
import { type CheckRunMessage, renderCheckRun } from '../../../src/report/notifiers/check-run/index.ts';
import { marker, rememberLogin, renderComment } from '../../../src/report/notifiers/github-comment/index.ts';
import { NOTIFIERS, type Notifier } from '../../../src/report/notifiers/index.ts';
import type { NotifierBench } from '../../contract/notifiers.ts';
import { aCheck, aClassification, anAttempt, aRemediation, aReport } from '../../support/builders.ts';
import { type Chats, SLACK_TOKEN, startChats } from './chats.ts';
import { EVIL, hostileNotice, longNotice, noticeState } from './notices.ts';
import { startMailServer } from './smtp.ts';

const parts = { http: createHttpClient({ userAgent: 'healer/test' }), clock: Date.now };

/** What chats are told. */
const NOTICES = { state: noticeState, hostile: hostileNotice, long: longNotice };

async function chatBench(
  make: (chats: Chats) => Notifier<Notice>,
  more: Pick<NotifierBench<Notice>, 'secrets' | 'harm'> & { readonly canDelete: boolean; readonly isStream?: boolean },
): Promise<NotifierBench<Notice>> {
  const chats = await startChats();
  const { canDelete, ...rest } = more;
  return {
    ...NOTICES,
    ...rest,
    notifier: make(chats),
    said: () => chats.messages.map(({ body }) => JSON.stringify(body)),
    writes: () => chats.requests.length,
    fail: (how) => {
      if (how === 'passing') chats.failNext({ status: 503 });
      else if (how === 'limited') chats.failNext({ status: 429, headers: { 'retry-after': '60' } });
      else chats.failNext({ status: 403, body: 'action_prohibited' });
    },
    heal: () => chats.heal(),
    remove: canDelete ? () => chats.deleteAll() : null,
    close: () => chats.close(),
  };
}

export const discordBench = (): Promise<NotifierBench<Notice>> =>
  chatBench(({ discord }) => NOTIFIERS.discord({ webhookUrl: discord }, parts), {
    canDelete: true,
    secrets: ['discord-webhook-token'],
    harm: (json) => {
      const { content, embeds, allowed_mentions } = JSON.parse(json);
      const texts: string[] = [content, embeds[0].title, embeds[0].description];
      for (const { name, value } of embeds[0].fields) if (name !== 'Look at') texts.push(name, value);
      // Ours: what makes a line bold or a list; everything else that Discord would read stands behind a backslash.
      const bare = texts
        .map((text) => text.replace(/\\[^A-Za-z0-9\s]/g, '').replace(/^\S+ \*\*|\*\*$/g, ''))
        .join('\n')
        .replace(/^• /gm, '');
      return [
        ...(/[@<>[\]()*_~`|#]|https?:/.test(bare) ? [`bare: ${bare}`] : []),
        ...(JSON.stringify(allowed_mentions) === '{"parse":[]}' ? [] : ['mentions']),
        ...(json.includes('javascript:') ? ['script'] : []),
      ];
    },
  });

/** Words from outside stand in plain text only; what is marked up holds links to web addresses and nothing else. */
function slackHarm(json: string): readonly string[] {
  const message = JSON.parse(json);
  const harm: string[] = [];
  if (/<|>|&(?!amp;|lt;|gt;)/.test(message.text)) harm.push(`text: ${message.text}`);
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { type, text, emoji, verbatim } = value as Record<string, unknown>;
    if (type === 'plain_text' && emoji !== false) harm.push('emoji');
    if (type === 'mrkdwn') {
      const rest = String(text).replace(/<https?:\/\/[^<>|\s]+\|[\w -]+>/g, '');
      if (verbatim !== true || !/^[\s·]*$/.test(rest)) harm.push(`marked up: ${String(text)}`);
    }
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(message.blocks);
  return harm;
}

export const slackBotBench = (): Promise<NotifierBench<Notice>> =>
  chatBench(
    ({ slackApi: apiUrl }) => NOTIFIERS.slack({ kind: 'bot', token: SLACK_TOKEN, channel: 'C0123456', apiUrl }, parts),
    { canDelete: true, secrets: [SLACK_TOKEN], harm: slackHarm },
  );

export const slackWebhookBench = (): Promise<NotifierBench<Notice>> =>
  chatBench(({ slackWebhook }) => NOTIFIERS.slack({ kind: 'webhook', webhookUrl: slackWebhook }, parts), {
    canDelete: false,
    secrets: ['slack-webhook-secret'],
    harm: slackHarm,
  });

export const webhookBench = (): Promise<NotifierBench<Notice>> =>
  chatBench(({ webhook }) => NOTIFIERS.webhook({ url: `${webhook}?key=of-the-receiver`, secrets: ['s'] }, parts), {
    canDelete: false,
    isStream: true,
    secrets: ['of-the-receiver', '/hooks/'],
    // It is data: whoever shows it neutralises it.
    harm: (json) => (typeof JSON.parse(json).items[0].status === 'string' ? [] : ['not data']),
  });

export async function emailBench(): Promise<NotifierBench<Notice>> {
  const server = await startMailServer();
  let writes = 0;
  const notifier = NOTIFIERS.email({ url: server.url, from: 'Healer <healer@acme.example>', to: ['ops@acme.example'] });
  return {
    ...NOTICES,
    notifier: {
      ...notifier,
      tell: async (...told) => {
        const before = server.mails.length;
        const result = await notifier.tell(...told);
        writes += server.mails.length - before;
        return result;
      },
    },
    said: () => server.mails.map(({ headers, text }) => `${headers.get('subject')}\n${text}`),
    writes: () => writes,
    fail: (how) => server.refuse(how === 'forever' ? 550 : 451),
    heal: () => server.refuse(null),
    remove: null,
    secrets: ['smtp-password'],
    saysNoWait: true,
    harm: (text) => {
      const [mail] = server.mails;
      const ours = text.replaceAll(/^\w[\w ]*: https:\/\/\S+$/gm, '');
      return [
        ...(/https?:\/\/|\bwww\.|mailto:|@\w/.test(ours) ? [`linked: ${ours}`] : []),
        ...(mail?.headers.has('bcc') ? ['a header of somebody else'] : []),
        ...(mail?.to.length === 1 ? [] : ['other recipients']),
        ...(text.split('\n').some((line) => line.length > 998) ? ['a line too long'] : []),
      ];
    },
    close: () => server.close(),
  };
}

let key: string | null = null;

async function githubBench<T>(
  make: (
    github: ReturnType<typeof createGitHub>,
    sha: string,
  ) => Pick<NotifierBench<T>, 'notifier' | 'state' | 'hostile' | 'long'>,
  isWrite: (path: string) => boolean,
  said: (gh: Awaited<ReturnType<typeof startGitHub>>) => readonly string[],
  remove: ((gh: Awaited<ReturnType<typeof startGitHub>>) => void) | null,
): Promise<NotifierBench<T>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'healer-notifier-'));
  const remote = { owner: 'acme', name: 'shop', defaultBranch: 'main' };
  const gh = await startGitHub({ dataDir, remote, webhook: null, checks: { enabled: false, pollMs: 0 } });
  const script = 'commit refs/heads/main\ncommitter A <a@b.c> 0 +0000\ndata 1\nx\nM 100644 inline a\ndata 1\nx\n';
  const git = (args: readonly string[], input = ''): string =>
    execFileSync('git', ['--git-dir', gh.remotePath, ...args], { input, encoding: 'utf8', stdio: 'pipe' }).trim();
  git(['fast-import', '--quiet'], script);
  const sha = git(['rev-parse', 'main']);
  await gh.addPullRequest({ title: 'Work', head: 'topic', headSha: sha });
  key ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  const auth = { kind: 'app', appId: 7, privateKey: key } as const;
  const github = createGitHub({ auth, version: 'test', baseUrl: gh.url, retryBaseMs: 1 });
  const writing = (method: string, path: string): boolean => method !== 'GET' && isWrite(path);
  return {
    ...make(github, sha),
    said: () => said(gh),
    writes: () => gh.recorder.exchanges.filter(({ request }) => writing(request.method, request.path)).length,
    fail: (how) => {
      if (how === 'passing') gh.outage.failNext(100, 502, writing);
      else if (how === 'limited') gh.outage.rateLimitNext(100, 60, writing);
      else gh.outage.failNext(100, 422, writing, { message: 'Validation Failed' });
    },
    heal: () => gh.outage.clear(),
    remove: remove === null ? null : () => remove(gh),
    secrets: [DEFAULT_TOKEN],
    harm: (text) => {
      const prose = text.replace(/(`+)[\s\S]*?\1/g, '').replace(/<!--.*-->/, '');
      return /@everyone|<script|javascript:|\]\(https:\/\/evil/.test(prose) ? [prose] : [];
    },
    close: async () => {
      await gh.close();
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function view(remediation: Remediation, classification = aClassification()) {
  return { maxAttempts: 3, classification, codeRunPhase: null, pageUrl: null, commands: [], remediation };
}

function stateOf(n: number, sha: string): Remediation {
  const attempts = Array.from({ length: n }, (_, index) => anAttempt({ number: index + 1, ordinal: index + 1 }));
  return aRemediation({ phase: 'working', pullRequest: 1, headSha: sha, attempts });
}

const hostileOne = (sha: string): Remediation =>
  aRemediation({
    phase: 'escalated',
    branch: EVIL,
    workflowName: EVIL,
    headSha: sha,
    failedChecks: [aCheck(EVIL)],
    reason: { code: 'attempts_spent', detail: EVIL },
  });

function longOne(sha: string): Remediation {
  const long = '`*@#|<'.repeat(2_000);
  const attempt = anAttempt({
    detail: long,
    outcome: 'agent_failed',
    report: aReport({ summary: `${long}\n`.repeat(50), commitSha: null }),
  });
  return aRemediation({
    phase: 'escalated',
    headSha: sha,
    reason: { code: 'attempts_spent', detail: long },
    failedChecks: Array.from({ length: 300 }, (_, n) => aCheck(`${n} ${long}`)),
    attempts: Array.from({ length: 40 }, (_, n) => ({ ...attempt, ordinal: n + 1 })),
  });
}

interface Sticky {
  readonly repository: string;
  readonly pullRequest: number;
  readonly marker: string;
  readonly body: string;
  readonly onlyIfThere: boolean;
}

export function githubCommentBench(): Promise<NotifierBench<Sticky>> {
  return githubBench<Sticky>(
    (github, sha) => {
      const told = (remediation: Remediation): Sticky => ({
        repository: 'acme/shop',
        pullRequest: 1,
        marker: marker(remediation.taskId),
        body: renderComment(remediation, view(remediation)),
        onlyIfThere: false,
      });
      return {
        notifier: NOTIFIERS['github-comment'](github, rememberLogin(github)),
        state: (n) => told(stateOf(n, sha)),
        hostile: () => told(hostileOne(sha)),
        long: () => told(longOne(sha)),
      };
    },
    (path) => path.includes('/comments'),
    (gh) => gh.state.comments.map(({ body }) => body),
    (gh) => {
      (gh.state.comments as unknown[]).length = 0;
    },
  );
}

/** A hundred and twenty places; GitHub takes fifty at a time. */
const PLACES = Array.from({ length: 120 }, (_, n) => `src/file${n}.ts(${n + 1},5): error TS2304: Cannot find name.`);

export function checkRunBench(): Promise<NotifierBench<CheckRunMessage>> {
  return githubBench<CheckRunMessage>(
    (github, sha) => {
      const told = (remediation: Remediation, text = ''): CheckRunMessage => {
        const excerpt = { text, ranges: [], lines: 1, totalLines: 1 };
        const classification = aClassification({ excerpt, reason: text.slice(0, 5_000) || 'Why.' });
        return renderCheckRun(remediation, {
          view: view(remediation, classification),
          evidenceSha: sha,
          whenNotRepaired: 'neutral',
        });
      };
      return {
        notifier: NOTIFIERS['check-run'](github),
        state: (n) => told(stateOf(n, sha)),
        hostile: () => told(hostileOne(sha)),
        long: () => told(longOne(sha), PLACES.join('\n')),
      };
    },
    (path) => path.includes('/check-runs'),
    (gh) => gh.state.checkRuns.map(({ title, summary, text }) => `${title}\n${summary}\n${text}`),
    null,
  );
}
