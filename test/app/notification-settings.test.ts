import { describe, expect, it } from 'vitest';
import { loadSettings, secretValues } from '../../src/app/load-settings.ts';
import { diagnoseNotifications } from '../../src/app/notify-diagnose.ts';
import { isFor, notifyTargets } from '../../src/app/notify-targets.ts';
import { settingsSchema } from '../../src/app/settings.ts';

const none = '/nowhere';
const everything = {
  DISCORD_WEBHOOK_URL: 'https://discord.com/api/webhooks/1/discord-token',
  SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T0/B0/slack-token',
  SMTP_URL: 'smtp://healer:smtp-password@mail.acme.example:587',
  HEALER_NOTIFICATIONS_EMAIL_TO: 'ops@acme.example, cto@acme.example',
  HEALER_NOTIFICATIONS_WEBHOOK_URL: 'https://hooks.acme.example/healer?key=hook-key',
  HEALER_NOTIFICATIONS_WEBHOOK_SECRET: 'first-secret,second-secret',
};

describe('settings of notifications', () => {
  it('take the names that deployments use, and everything else by its path', () => {
    const settings = loadSettings({ ...everything, HEALER_NOTIFICATIONS_DISCORD_EVENTS: 'escalation,rights' }, none);
    expect(notifyTargets(settings, Date.now).map(({ notifier }) => [notifier.name, notifier.edits])).toEqual([
      ['discord', true],
      ['slack', false],
      ['email', false],
      ['webhook', true],
    ]);
    expect(settings.notifications.discord.events).toEqual(['escalation', 'rights']);
    expect(settings.notifications.email.to).toEqual(['ops@acme.example', 'cto@acme.example']);
    expect(settings.notifications.webhook.secret).toEqual(['first-secret', 'second-secret']);
  });

  it('prefer a bot of Slack, which can edit, to its webhook', () => {
    const bot = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_CHANNEL: 'C1' };
    const [slack] = notifyTargets(
      loadSettings({ ...bot, SLACK_WEBHOOK_URL: everything.SLACK_WEBHOOK_URL }, none),
      Date.now,
    );
    expect(slack?.notifier.edits).toBe(true);
  });

  it('count every address that holds a credential as a secret', () => {
    const secrets = secretValues(loadSettings({ ...everything, SLACK_BOT_TOKEN: 'xoxb-1', SLACK_CHANNEL: 'C1' }, none));
    for (const secret of ['discord-token', 'slack-token', 'smtp-password', 'hook-key', 'first-secret', 'xoxb-1'])
      expect(
        secrets.some((value) => value.includes(secret)),
        secret,
      ).toBe(true);
  });

  it.each<readonly [string, Record<string, string>, RegExp]>([
    ['a server without recipients', { SMTP_URL: everything.SMTP_URL }, /names nobody/],
    [
      'a receiver without a secret',
      { HEALER_NOTIFICATIONS_WEBHOOK_URL: 'https://a.example' },
      /must know who it hears/,
    ],
    ['a bot without a channel', { SLACK_BOT_TOKEN: 'xoxb-1' }, /where to write/],
    ['half of quiet hours', { HEALER_NOTIFICATIONS_QUIET_HOURS_FROM: '22:00' }, /quiet hours need both/],
    ['a time zone that there is not', { HEALER_NOTIFICATIONS_QUIET_HOURS_TIME_ZONE: 'Europe/Atlantis' }, /time zone/],
    ['an address that is none', { DISCORD_WEBHOOK_URL: 'discord' }, /is not an address/],
    [
      'an event that there is not',
      { HEALER_NOTIFICATIONS_SLACK_EVENTS: 'escalations' },
      /HEALER_NOTIFICATIONS_SLACK_EVENTS|slack\.events/,
    ],
  ])('refuse %s', (_what, env, message) => {
    expect(() => loadSettings(env, none)).toThrow(message);
  });
});

describe('whom a notice is for', () => {
  const filter = {
    events: ['escalation', 'breaker'],
    minimumSeverity: 'warning',
    repositories: ['acme/*', 'Other/one'],
  } as const;
  const notice = { kind: 'escalation', severity: 'warning', repository: 'acme/shop' } as const;

  it('is said by kind, severity and repository', () => {
    expect(isFor(filter, notice)).toBe(true);
    expect(isFor(filter, { ...notice, repository: 'other/ONE' })).toBe(true);
    expect(isFor(filter, { ...notice, repository: 'acmes/shop' })).toBe(false);
    expect(isFor(filter, { ...notice, repository: 'other/two' })).toBe(false);
    expect(isFor(filter, { ...notice, severity: 'info' })).toBe(false);
    expect(isFor(filter, { ...notice, kind: 'success', severity: 'critical' })).toBe(false);
    expect(isFor(filter, { kind: 'breaker', severity: 'critical', repository: null })).toBe(true);
  });
});

describe('doctor', () => {
  it('names each notifier, what is for it and what is missing, without a secret', () => {
    const found = diagnoseNotifications(
      loadSettings({ ...everything, HEALER_NOTIFICATIONS_DISCORD_EVENTS: 'rights' }, none),
    );
    expect(found.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'notify discord ok',
      'notify slack ok',
      'notify email ok',
      'notify webhook ok',
      'check run missing',
    ]);
    expect(found[0]?.detail).toBe('discord.com; rights of every repository; nothing was sent');
    expect(found[2]?.detail).toContain('2 recipients by mail.acme.example');
    expect(JSON.stringify(found)).not.toMatch(/discord-token|slack-token|smtp-password|hook-key|secret/);
    expect(diagnoseNotifications(settingsSchema.parse({})).every(({ status }) => status === 'missing')).toBe(true);
  });

  it('knows that an App writes checks', () => {
    const settings = settingsSchema.parse({ github: { appId: 7, privateKey: 'k' } });
    expect(diagnoseNotifications(settings).at(-1)).toMatchObject({ name: 'check run', status: 'ok' });
  });
});
