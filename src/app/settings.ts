import { z } from 'zod';
import { CHANGE_CONCERN_CODES, type ChangeConcernCode, REFUSED_CONCERNS } from '../model/change-concern.ts';
import { contextSettings } from './context-settings.ts';
import { kubernetesSettings } from './kubernetes-settings.ts';
import { leadershipSettings } from './leadership-settings.ts';
import { notificationSettings } from './notification-settings.ts';
import { retentionSettings } from './retention-settings.ts';
import { taskSettings } from './task-settings.ts';
import { traceSettings } from './trace-settings.ts';

/** A list in YAML, or words separated by commas in the environment. */
const list = z
  .union([z.array(z.string()), z.string()])
  .transform((value) =>
    (typeof value === 'string' ? value.split(',') : value).map((word) => word.trim()).filter(Boolean),
  );

const concerns = list
  .pipe(z.array(z.enum(CHANGE_CONCERN_CODES as [ChangeConcernCode, ...ChangeConcernCode[]])))
  .default([...REFUSED_CONCERNS]);

const secretList = list.meta({ secret: true });
const secret = z.string().min(1).meta({ secret: true });
const minutes = z.coerce
  .number()
  .positive()
  .max(60 * 24 * 7);
const seconds = z.coerce
  .number()
  .min(0)
  .max(60 * 60 * 24);
const count = z.coerce.number().int().positive();
const money = z.coerce.number().positive();

/**
 * Every setting, once: the file `healer.yaml`, the environment, the defaults and the documentation come from here.
 * The environment name of a key is `HEALER_` and the path in capitals (`limits.pollSeconds` → `HEALER_LIMITS_POLL_SECONDS`)
 * unless `env` names another, which deployments already use (CONTRACT section 3).
 */
export const settingsSchema = z.strictObject({
  host: z
    .string()
    .optional()
    .meta({ env: 'HOST', description: 'Address to listen on; 127.0.0.1 without credentials, 0.0.0.0 with them.' }),
  port: z.coerce
    .number()
    .int()
    .min(0)
    .max(65535)
    .default(8080)
    .meta({ env: 'PORT', description: 'Port to listen on; 0 takes a free one.' }),
  publicUrl: z
    .url()
    .optional()
    .meta({ description: 'Where people reach the status pages; links in comments begin with it.' }),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .meta({ env: 'LOG_LEVEL', description: 'How much is logged.' }),
  dataDir: z.string().default('.healer').meta({
    env: 'HEALER_DATA_DIR',
    description: 'Folder of the embedded store and of the local engine’s workspaces.',
  }),
  databaseUrl: secret.optional().meta({
    secret: true,
    env: 'DATABASE_URL',
    description: 'PostgreSQL; without it the embedded store in `dataDir` is used.',
  }),
  mode: z
    .enum(['live', 'shadow', 'paused'])
    .default('live')
    .meta({ description: 'live; shadow decides and reports but starts nothing; paused holds spending back.' }),
  engine: z
    .enum(['local', 'kubernetes'])
    .default('local')
    .meta({ env: 'HEALER_ENGINE', description: 'Where CodeRuns live and run.' }),
  repositories: list
    .default([])
    .meta({ description: '`owner/name` or `owner/*`; empty means every repository that deliveries come from.' }),
  allowedBots: list
    .default(['dependabot[bot]', 'renovate[bot]'])
    .meta({ description: 'Logins of bots whose red builds are worth repairing.' }),
  reviewApps: list
    .default(['stitch'])
    .meta({ description: 'Slugs or ids of the Apps whose review findings are repaired without a command.' }),
  platformRepository: z
    .string()
    .regex(/^[^/\s]+\/[^/\s]+$/)
    .optional()
    .meta({ description: '`owner/name` where platform alerts that name no repository are repaired.' }),
  rulesDir: z
    .string()
    .optional()
    .meta({ description: 'Folder of the routing rules; the ones that come with Healer otherwise.' }),

  cli: z.string().default('Factory').meta({ description: 'The CLI that agents work with.' }),
  model: z.string().default('claude-opus-4-5-20251101').meta({ description: 'The model that agents work with.' }),
  agentCommand: list
    .default([])
    .meta({ description: 'Runs this command instead of a CLI; the prompt’s path is in HEALER_PROMPT.' }),
  promptBudget: count
    .min(40_000)
    .max(400_000)
    .default(120_000)
    .meta({ description: 'Characters that a prompt may have; never more than 512 KiB.' }),

  maxAttempts: count.max(10).default(3).meta({ description: 'Attempts per broken thing before people are asked.' }),
  changeReview: z
    .strictObject({
      refuse: concerns.meta({
        description: 'With which concerns about an agent’s change an attempt does not count as fixed; others are told.',
      }),
    })
    .prefault({}),
  timeWindowMinutes: z.coerce
    .number()
    .min(0)
    .default(10)
    .meta({ description: 'After a remediation ended, its branch is left alone for so long.' }),
  maxConcurrentCodeRuns: count.default(5).meta({ description: 'CodeRuns at work at the same time.' }),
  maxConcurrentCodeRunsPerRepository: count.optional().meta({
    description: 'CodeRuns at work at the same time in one repository; without it only the number in all counts.',
  }),
  commandBots: list
    .default([])
    .meta({ description: 'Logins of bots whose `/healer` comments are obeyed; bots are not otherwise.' }),
  breaker: z
    .strictObject({
      failures: count.default(5).meta({ description: 'Escalations that open the breaker …' }),
      minutes: minutes
        .default(30)
        .meta({ description: '… when they happen within so many minutes; it stays open as long.' }),
    })
    .prefault({}),
  incidents: z
    .strictObject({
      remediations: count
        .default(5)
        .meta({ description: 'More remediations than this with one transient cause are one incident …' }),
      minutes: minutes.default(15).meta({
        description: '… when they come within so many minutes; nobody waits longer for the one that goes ahead.',
      }),
    })
    .prefault({}),
  limits: z
    .strictObject({
      attemptsPerDay: count.optional().meta({ description: 'Attempts begun in one day (UTC); no limit without it.' }),
      attemptsPerDayPerRepository: count
        .optional()
        .meta({ description: 'Attempts begun in one repository in one day (UTC); no limit without it.' }),
      costUsdPerDay: money.optional().meta({ description: 'US dollars spent in one day (UTC); no limit without it.' }),
      costUsdPerDayPerRepository: money
        .optional()
        .meta({ description: 'US dollars spent in one repository in one day (UTC); no limit without it.' }),
      requestsPerMinute: count
        .default(600_000)
        .meta({ description: 'Requests taken from one sender (token, webhook or address) in a minute.' }),
      inFlightMegabytes: count
        .default(128)
        .meta({ description: 'Bodies under way at the same time; senders of more are told to keep theirs.' }),
      inboxMegabytes: count.default(2_048).meta({
        description: 'Deliveries on the disk that are not decided yet; with more, senders wait for decisions.',
      }),
      runDeadlineMinutes: minutes.default(120).meta({ description: 'How long a CodeRun may take.' }),
      verifyTimeoutMinutes: minutes.default(30).meta({ description: 'How long CI may take to confirm a commit.' }),
      settleSeconds: seconds.default(5).meta({ description: 'How long more failures of the same run are awaited.' }),
      pollSeconds: seconds
        .min(0.1)
        .default(20)
        .meta({ description: 'Time between two looks at the checks when no event comes.' }),
      retryDelaySeconds: seconds
        .default(5)
        .meta({ description: 'Wait before the first retry; doubles with each further one.' }),
      deferSeconds: seconds
        .min(0.1)
        .default(30)
        .meta({ description: 'Time between two looks at the limits while deferred.' }),
    })
    .prefault({}),

  github: z
    .strictObject({
      apiUrl: z
        .url()
        .default('https://api.github.com')
        .meta({ env: 'GITHUB_API_URL', description: 'The REST API; `https://HOST/api/v3` for Enterprise.' }),
      appId: z.coerce
        .number()
        .int()
        .positive()
        .optional()
        .meta({ env: 'GITHUB_APP_ID', description: 'Healer’s GitHub App.' }),
      privateKey: secret.optional().meta({
        secret: true,
        env: 'GITHUB_PRIVATE_KEY',
        description: 'The App’s private key, PEM; `\\n` may stand for line ends.',
      }),
      token: secret.optional().meta({ secret: true, env: 'GITHUB_TOKEN', description: 'A token instead of an App.' }),
      webhookSecret: secretList
        .default([])
        .meta({ secret: true, env: 'GITHUB_WEBHOOK_SECRET', description: 'Webhook secrets, several for rotation.' }),
      webhookAnswer: z.enum(['decided', 'kept']).default('decided').meta({
        description:
          'When GitHub’s own webhooks are answered: `decided`, with what is done about them; `kept`, as soon as they are on the disk, four times as many a second (embedded store only).',
      }),
      cloneUrl: z
        .string()
        .optional()
        .meta({ description: 'Where agents clone from, with `{repository}` in it; the API’s host otherwise.' }),
    })
    .prefault({}),
  ...contextSettings,
  ...notificationSettings,
  ...taskSettings,
  ...kubernetesSettings,
  ...leadershipSettings,
  ...traceSettings,
  ...retentionSettings,
  apiToken: secretList
    .default([])
    .meta({ secret: true, env: 'HEALER_API_TOKEN', description: 'Bearer tokens that may read and act.' }),
  readToken: secretList
    .default([])
    .meta({ secret: true, env: 'HEALER_READ_TOKEN', description: 'Bearer tokens that may read.' }),
});

export type Settings = z.output<typeof settingsSchema>;

/** What a key says about itself. */
export interface SettingMeta {
  readonly env?: string;
  readonly description?: string;
  readonly secret?: boolean;
}

export interface SettingKey extends SettingMeta {
  /** Dotted, as in the file. */
  readonly path: string;
  readonly environmentName: string;
}

/** Every leaf key with its environment name, in the order of the schema. */
export function settingKeys(schema: z.ZodObject = settingsSchema, prefix = ''): readonly SettingKey[] {
  return Object.entries(schema.shape).flatMap(([key, field]): readonly SettingKey[] => {
    const path = `${prefix}${key}`;
    const inner = innerObject(field as z.ZodType);
    if (inner !== null) return settingKeys(inner, `${path}.`);
    const meta = ((field as z.ZodType).meta() ?? {}) as SettingMeta;
    return [{ ...meta, path, environmentName: meta.env ?? environmentName(path) }];
  });
}

function innerObject(field: z.ZodType): z.ZodObject | null {
  if (field instanceof z.ZodObject) return field;
  return field instanceof z.ZodPrefault && field.def.innerType instanceof z.ZodObject ? field.def.innerType : null;
}

function environmentName(path: string): string {
  return `HEALER_${path
    .replaceAll('.', '_')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toUpperCase()}`;
}
