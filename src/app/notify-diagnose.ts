import { NOTICE_KINDS } from '../model/notice.ts';
import type { Finding } from './finding.ts';
import { githubAuth } from './github.ts';
import type { Filter } from './notify-targets.ts';
import type { Settings } from './settings.ts';

/** What is configured to tell people, said without telling anybody anything. */
export function diagnoseNotifications(settings: Settings): readonly Finding[] {
  const { discord, slack, email, webhook } = settings.notifications;
  const isBot = slack.botToken !== undefined;
  return [
    finding(
      'notify discord',
      discord.webhookUrl !== undefined,
      'no DISCORD_WEBHOOK_URL',
      discord,
      hostOf(discord.webhookUrl),
    ),
    finding(
      'notify slack',
      isBot || slack.webhookUrl !== undefined,
      'no SLACK_WEBHOOK_URL, and no SLACK_BOT_TOKEN with SLACK_CHANNEL',
      slack,
      isBot
        ? `channel ${slack.channel} by ${hostOf(slack.apiUrl)}, edited as things go on`
        : `${hostOf(slack.webhookUrl)}; without a bot nothing is edited, important changes are said once more`,
    ),
    finding(
      'notify email',
      email.url !== undefined,
      'no SMTP_URL',
      email,
      `${email.to.length} recipients by ${hostOf(email.url)}`,
    ),
    finding(
      'notify webhook',
      webhook.url !== undefined,
      'no notifications.webhook.url',
      webhook,
      `${hostOf(webhook.url)}, signed`,
    ),
    checkRun(settings),
  ];
}

function finding(name: string, isConfigured: boolean, missing: string, filter: Filter, where: string): Finding {
  if (!isConfigured)
    return {
      name,
      status: 'missing',
      detail: missing,
      without: 'people are not told there; pull requests show all the same',
    };
  return { name, status: 'ok', detail: `${where}; ${describe(filter)}; nothing was sent`, without: null };
}

function describe({ events, minimumSeverity, repositories }: Filter): string {
  const what = events.length === NOTICE_KINDS.length ? 'everything' : events.join(', ') || 'nothing';
  const from = minimumSeverity === 'info' ? '' : ` from ${minimumSeverity} on`;
  return `${what}${from} of ${repositories.length === 0 ? 'every repository' : repositories.join(', ')}`;
}

/** The host alone: the rest of such an address is a secret. */
function hostOf(url: string | undefined): string {
  return url === undefined ? '' : new URL(url).host;
}

function checkRun(settings: Settings): Finding {
  const { enabled, whenNotRepaired } = settings.notifications.checkRun;
  const name = 'check run';
  if (!enabled) return { name, status: 'ok', detail: 'switched off', without: null };
  if (githubAuth(settings).kind !== 'app') {
    const without =
      'the check “Healer” with its annotations and buttons is left out; the comment is there all the same';
    return { name, status: 'missing', detail: 'checks can be written by a GitHub App only', without };
  }
  const detail = `kept on the head of pull requests; ${whenNotRepaired} when people have to take over`;
  return { name, status: 'ok', detail: `${detail}; needs the App’s permission Checks: write`, without: null };
}
