import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { z } from 'zod';
import { messageOf, UserError } from '../lib/errors.ts';
import type { Environment } from './environment.ts';
import { type SettingKey, type Settings, settingKeys, settingsSchema } from './settings.ts';

/** The settings do not fit together or are unsafe; the program ends with exit code 3. */
export class SettingsError extends UserError {
  override readonly name = 'SettingsError';
}

type Tree = Record<string, unknown>;

/**
 * The effective settings: defaults, then the file (`HEALER_CONFIG`, or `healer.yaml` in `cwd` when there is one), then
 * the environment. Throws SettingsError that names every wrong key and what it should be.
 */
export function loadSettings(env: Environment, cwd: string): Settings {
  const tree = readFile(env, cwd);
  for (const key of settingKeys()) {
    const value = env[key.environmentName];
    if (value !== undefined && value !== '') set(tree, key.path, value);
  }
  const parsed = settingsSchema.safeParse(tree);
  if (!parsed.success) throw new SettingsError(explain(parsed.error.issues));
  return coherent(parsed.data);
}

function readFile(env: Environment, cwd: string): Tree {
  const named = env['HEALER_CONFIG'];
  const path = named ?? `${cwd}/healer.yaml`;
  if (!existsSync(path)) {
    if (named !== undefined) throw new SettingsError(`HEALER_CONFIG names ${named}, which does not exist.`);
    return {};
  }
  try {
    const tree: unknown = parse(readFileSync(path, 'utf8')) ?? {};
    if (typeof tree !== 'object' || Array.isArray(tree)) throw new Error('it is not a mapping of keys');
    return tree as Tree;
  } catch (cause) {
    throw new SettingsError(`${path} cannot be read as settings: ${messageOf(cause)}`, { cause });
  }
}

function set(tree: Tree, path: string, value: string): void {
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at = tree;
  for (const key of keys) {
    if (typeof at[key] !== 'object' || at[key] === null) at[key] = {};
    at = at[key] as Tree;
  }
  at[last] = value;
}

function explain(issues: readonly z.core.$ZodIssue[]): string {
  const keys = settingKeys();
  const lines = issues.flatMap((issue) => {
    const path = issue.path.join('.');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...issue.path, key].join('.'), keys));
    }
    const known = keys.find((key) => key.path === path);
    const name = known === undefined ? path : `${path} (${known.environmentName})`;
    return [`${name}: ${issue.message}`];
  });
  return `The settings are not valid:\n${lines.map((line) => `  - ${line}`).join('\n')}`;
}

function unknownKey(path: string, keys: readonly SettingKey[]): string {
  const nearest = keys
    .map((key) => ({ path: key.path, distance: distance(key.path.toLowerCase(), path.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)[0];
  const hint = nearest !== undefined && nearest.distance <= 4 ? ` Did you mean ${nearest.path}?` : '';
  return `${path}: there is no such setting.${hint}`;
}

/** Levenshtein. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + cost);
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

export function hasCredentials(settings: Settings): boolean {
  return settings.github.webhookSecret.length > 0 || settings.apiToken.length > 0;
}

/** The address to listen on when none is set: nobody from outside before there are credentials. */
export function listenHost(settings: Settings): string {
  return settings.host ?? (hasCredentials(settings) ? '0.0.0.0' : '127.0.0.1');
}

function coherent(settings: Settings): Settings {
  const { github } = settings;
  if (!LOOPBACK.has(listenHost(settings)) && settings.apiToken.length === 0) {
    const missing = 'HEALER_API_TOKEN (and GITHUB_WEBHOOK_SECRET for GitHub’s own webhooks)';
    if (settings.host !== undefined)
      throw new SettingsError(`Listening on ${settings.host} needs credentials: set ${missing}, or HOST=127.0.0.1.`);
    throw new SettingsError(`A webhook secret alone leaves the API open: set ${missing}, or HOST=127.0.0.1.`);
  }
  if ((github.appId === undefined) !== (github.privateKey === undefined)) {
    throw new SettingsError('A GitHub App needs both GITHUB_APP_ID and GITHUB_PRIVATE_KEY.');
  }
  if (settings.engine === 'kubernetes' && settings.kubernetes.image === undefined) {
    throw new SettingsError(
      'HEALER_ENGINE=kubernetes needs the image that agents run in: set kubernetes.image (HEALER_KUBERNETES_IMAGE).',
    );
  }
  const privateKey = github.privateKey?.replaceAll('\\n', '\n');
  return { ...settings, github: { ...github, ...(privateKey === undefined ? {} : { privateKey }) } };
}

const MASK = '••••••';

/** The settings for people: secrets are masked. */
export function maskSecrets(settings: Settings): Tree {
  const copy = structuredClone(settings) as unknown as Tree;
  for (const path of secretPaths()) {
    const { parent, last } = locate(copy, path);
    if (parent?.[last] !== undefined) parent[last] = masked(parent[last]);
  }
  return copy;
}

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(() => MASK);
  if (typeof value !== 'object' || value === null) return MASK;
  return Object.fromEntries(Object.keys(value).map((name) => [name, MASK]));
}

/** Every secret value that must never appear in a text that leaves: whatever the schema calls a secret. */
export function secretValues(settings: Settings): readonly string[] {
  return secretPaths().flatMap((path) => {
    const { parent, last } = locate(settings as unknown as Tree, path);
    const value = parent?.[last];
    const values = typeof value === 'object' && value !== null ? Object.values(value) : [value];
    return values.filter((one): one is string => typeof one === 'string' && one.length > 0);
  });
}

function secretPaths(): readonly string[] {
  return settingKeys().flatMap(({ path, secret }) => (secret === true ? [path] : []));
}

function locate(tree: Tree, path: string): { readonly parent: Tree | undefined; readonly last: string } {
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  return { parent: keys.reduce<Tree | undefined>((at, name) => at?.[name] as Tree | undefined, tree), last };
}
