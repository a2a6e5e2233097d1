import { z } from 'zod';
import { NOTICE_KINDS, SEVERITIES } from '../model/notice.ts';

const words = z
  .union([z.array(z.string()), z.string()])
  .transform((value) =>
    (typeof value === 'string' ? value.split(',') : value).map((word) => word.trim()).filter(Boolean),
  );

const address = z.url({ protocol: /^https?$/, error: 'is not an address like https://host/path' });
const secret = z.string().trim().min(1);
const severity = z.enum(SEVERITIES);
const hour = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is not a time of day like 22:00');

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** What every notifier takes: which notices are for it. */
const filter = {
  events: words
    .pipe(z.array(z.enum(NOTICE_KINDS)))
    .default([...NOTICE_KINDS])
    .meta({ description: `What is told there: ${NOTICE_KINDS.join(', ')}.` }),
  minimumSeverity: severity.default('info').meta({ description: 'What is less severe is not told there.' }),
  repositories: words.default([]).meta({
    description:
      '`owner/name` or `owner/*`; only these are told there, and what concerns all of them. Empty for every one.',
  }),
};

const quietHours = z
  .strictObject({
    from: hour.optional().meta({ description: 'From this time of day on nothing new is said, for example 22:00 …' }),
    to: hour.optional().meta({ description: '… until this one; what came meanwhile is told then.' }),
    timeZone: z
      .string()
      .refine(isTimeZone, 'is not the name of a time zone like Europe/Berlin')
      .default('UTC')
      .meta({ description: 'Time zone of the two, by its name.' }),
    passes: severity.default('critical').meta({ description: 'What is at least so severe is told all the same.' }),
  })
  .superRefine(({ from, to }, context) => {
    if ((from === undefined) !== (to === undefined)) {
      const path = [from === undefined ? 'from' : 'to'];
      context.addIssue({ code: 'custom', path, message: 'is missing; quiet hours need both' });
    }
  })
  .prefault({});

const discord = z
  .strictObject({
    webhookUrl: address.optional().meta({
      secret: true,
      env: 'DISCORD_WEBHOOK_URL',
      description: 'Webhook of a Discord channel; `?thread_id=` is kept.',
    }),
    ...filter,
  })
  .prefault({});

const slack = z
  .strictObject({
    webhookUrl: address.optional().meta({
      secret: true,
      env: 'SLACK_WEBHOOK_URL',
      description: 'Incoming webhook of a Slack channel; cannot change what it wrote. A bot can, and goes before it.',
    }),
    botToken: secret
      .regex(/^[\x21-\x7e]+$/, 'is not a token: it has spaces or odd characters')
      .optional()
      .meta({ secret: true, env: 'SLACK_BOT_TOKEN', description: 'Token of a bot with `chat:write`.' }),
    channel: z
      .string()
      .trim()
      .min(1)
      .optional()
      .meta({ env: 'SLACK_CHANNEL', description: 'Id of the channel that the bot writes to.' }),
    apiUrl: address
      .default('https://slack.com/api')
      .meta({ description: 'Slack’s Web API; the bot’s token is sent there.' }),
    ...filter,
  })
  .superRefine(({ botToken, channel }, context) => {
    if (botToken !== undefined && channel === undefined)
      context.addIssue({ code: 'custom', path: ['channel'], message: 'is missing; a bot has to know where to write' });
    if (botToken === undefined && channel !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['botToken'],
        message: 'is missing; an incoming webhook has its channel',
      });
  })
  .prefault({});

const email = z
  .strictObject({
    url: z
      .url({ protocol: /^smtps?$/, error: 'is not an address like smtp://user:password@host:587' })
      .optional()
      .meta({
        secret: true,
        env: 'SMTP_URL',
        description: 'The mail server, with user and password if it wants them.',
      }),
    from: z
      .string()
      .trim()
      .regex(/^[^\r\n]*[^\s@<>]+@[^\s@<>]+>?$/, 'is not an e-mail address')
      .default('Healer <healer@localhost>')
      .meta({ description: 'Sender of its e-mails.' }),
    to: words
      .pipe(z.array(z.string().regex(/^[^\s@<>]+@[^\s@<>]+$/, 'is not an e-mail address')))
      .default([])
      .meta({ description: 'Who gets them.' }),
    ...filter,
  })
  .superRefine(({ url, to }, context) => {
    if (url !== undefined && to.length === 0)
      context.addIssue({ code: 'custom', path: ['to'], message: 'names nobody; without recipients no e-mail is sent' });
  })
  .prefault({});

const webhook = z
  .strictObject({
    url: address
      .optional()
      .meta({ secret: true, description: 'Gets every notice as JSON; its address is kept secret.' }),
    secret: words.default([]).meta({
      secret: true,
      description: 'Signs what is sent there (Standard Webhooks); several for rotation.',
    }),
    ...filter,
  })
  .superRefine(({ url, secret: secrets }, context) => {
    if (url !== undefined && secrets.length === 0)
      context.addIssue({ code: 'custom', path: ['secret'], message: 'is missing; a receiver must know who it hears' });
  })
  .prefault({});

const checkRun = z
  .strictObject({
    enabled: z
      .stringbool()
      .or(z.boolean())
      .default(true)
      .meta({ description: 'Keeps the check “Healer” on the head of pull requests; needs a GitHub App.' }),
    whenNotRepaired: z.enum(['neutral', 'failure']).default('neutral').meta({
      description:
        'How the check ends when people have to take over; failure blocks a merge where the check is required.',
    }),
  })
  .prefault({});

/** Whom Healer tells what, besides the pull request. None is needed; one without an address tells nobody. */
export const notificationSettings = {
  notifications: z
    .strictObject({
      groupSeconds: z.coerce
        .number()
        .min(0)
        .max(3_600)
        .default(20)
        .meta({ description: 'What comes within so many seconds, of a kind and repository, is one message.' }),
      giveUpHours: z.coerce
        .number()
        .positive()
        .max(24 * 14)
        .default(24)
        .meta({ description: 'What could not be sent for so long is given up.' }),
      quietHours,
      discord,
      slack,
      email,
      webhook,
      checkRun,
    })
    .prefault({}),
};
