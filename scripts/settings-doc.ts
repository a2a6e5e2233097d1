/** docs/settings.md, from the schema of the settings; `npm run generate` writes it. */
import { z } from 'zod';
import { type SettingKey, settingKeys, settingsSchema } from '../src/app/settings.ts';

const HEAD = `# Settings

One file, \`healer.yaml\` in the folder where Healer starts (or the file that \`HEALER_CONFIG\` names), and the environment,
which goes before the file. Keys that do not exist are refused with a suggestion, and so are values that do not fit
together or are unsafe. \`healer config\` prints the effective settings with secrets masked.

In the file a dot is a level: \`limits.pollSeconds\` is \`pollSeconds\` under \`limits\`. Lists are YAML lists, or words
separated by commas in the environment. Keys marked 🔒 are secrets: they appear in no log, page, prompt or message.

This page is written from the schema by \`npm run generate\`; a test compares the two.
`;

/** Sections in the order of the schema: what stands at the top level first, then each group. */
export function settingsPage(): string {
  const sections = new Map<string, SettingKey[]>();
  for (const key of settingKeys()) {
    const group = key.path.includes('.') ? key.path.slice(0, key.path.lastIndexOf('.')) : '';
    sections.set(group, [...(sections.get(group) ?? []), key]);
  }
  const parts = [...sections].map(([group, keys]) => {
    const title = group === '' ? '## At the top level' : `## ${group}`;
    const rows = keys.map(
      (key) =>
        `| ${[nameOf(key), `\`${key.environmentName}\``, defaultOf(key), cell(key.description ?? '')].join(' | ')} |`,
    );
    return [title, '', '| key | environment | default | what it does |', '| --- | --- | --- | --- |', ...rows].join(
      '\n',
    );
  });
  return `${HEAD}\n${parts.join('\n\n')}\n`;
}

function nameOf({ path, secret }: SettingKey): string {
  return `\`${path}\`${secret === true ? ' 🔒' : ''}`;
}

const DEFAULTS = settingsSchema.parse({}) as Readonly<Record<string, unknown>>;
const LONGEST_DEFAULT = 60;

function defaultOf({ path }: SettingKey): string {
  const value = path
    .split('.')
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], DEFAULTS);
  const choices = choicesOf(path);
  const allowed = choices.length === 0 ? '' : ` of ${choices.map((choice) => `\`${choice}\``).join(', ')}`;
  if (value === undefined) return choices.length === 0 ? '–' : `none${allowed}`;
  if (Array.isArray(value)) return value.length === 0 ? 'none' : short(value.join(', '));
  if (typeof value === 'object') return Object.keys(value as object).length === 0 ? 'none' : 'built in';
  return `${short(String(value))}${allowed}`;
}

function short(text: string): string {
  return text.length > LONGEST_DEFAULT ? 'built in' : `\`${cell(text)}\``;
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly enum?: readonly unknown[];
}

const JSON_SCHEMA = z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;

function choicesOf(path: string): readonly string[] {
  const at = path.split('.').reduce<JsonSchema | undefined>((schema, name) => schema?.properties?.[name], JSON_SCHEMA);
  return (at?.enum ?? []).map(String);
}

/** A pipe or a line end would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
}
