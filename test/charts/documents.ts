import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isMap, isScalar, type Pair, parseDocument, stringify, type YAMLMap } from 'yaml';
import { RULES } from '../../src/app/cluster-rights.ts';
import { settingKeys } from '../../src/app/settings.ts';

/* What is made of the chart's own files and of the program's settings: `npm run chart:documents` writes it, a test compares it. */

export const ROOT = resolve(import.meta.dirname, '../..');
export const CHART = join(ROOT, 'charts/healer');

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface Value {
  /** Dotted. */
  readonly path: string;
  readonly type: string;
  readonly fallback: string;
  /** The comment above the key. */
  readonly words: string;
}

/** Every value that stands in values.yaml on its own, in its order. */
export function readValues(): readonly Value[] {
  const document = parseDocument(readFileSync(join(CHART, 'values.yaml'), 'utf8'));
  const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as Schema;
  return valuesOf(document.contents as YAMLMap, schema, '');
}

function valuesOf(map: YAMLMap, schema: Schema, prefix: string): readonly Value[] {
  return map.items.flatMap((pair, index): readonly Value[] => {
    const key = String((pair.key as { value: unknown }).value);
    const path = `${prefix}${key}`;
    const its = schema.properties?.[key] ?? {};
    const inner = pair.value;
    const words = commentOf(pair, index === 0 ? map.commentBefore : undefined);
    const isGroup = isMap(inner) && inner.items.length > 0 && Object.keys(its.properties ?? {}).length > 0;
    // A group's own words come first in its table, without a default.
    if (!isGroup || path === 'settings') return [{ path, type: typeOf(its), fallback: fallbackOf(pair), words }];
    const group = words === '' ? [] : [{ path, type: 'group', fallback: '', words }];
    return [...group, ...valuesOf(inner, its, `${path}.`)];
  });
}

function commentOf(pair: Pair, first: string | null | undefined): string {
  const own = isScalar(pair.key) ? pair.key.commentBefore : null;
  // The file's own heading stands apart from the comment of its first key by an empty line.
  const text = (own ?? first ?? '').split('\n\n').at(-1) ?? '';
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}

function typeOf(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${word}\``).join(', ');
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  if (schema.type === 'array') return `list of ${schema.items?.type ?? 'object'}s`;
  const { minimum, maximum } = schema;
  if (schema.type === 'integer' && maximum !== undefined) return `integer, ${minimum ?? 0} to ${maximum}`;
  return schema.type ?? 'object';
}

function fallbackOf(pair: Pair): string {
  const { value } = pair as { value: { toJSON(): unknown } };
  return JSON.stringify(value.toJSON());
}

const HEAD = `# Values of the chart

Made of \`charts/healer/values.yaml\` and \`values.schema.json\` by \`npm run chart:documents\`. A key that is not listed here is refused.
Whole examples, each rendered and checked against an API server by the tests: [embedded](../charts/healer/examples/embedded.yaml),
[production](../charts/healer/examples/production.yaml), [everything](../charts/healer/examples/everything.yaml),
[local engine](../charts/healer/examples/local-engine.yaml). How to install: [kubernetes.md](kubernetes.md).

| value | type | default | what it does |
|---|---|---|---|
`;

/** docs/chart-values.md. */
export function renderValuesDocument(values: readonly Value[] = readValues()): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = values.map(({ path, type, fallback, words }) =>
    type === 'group'
      ? `| **${path}** | | | ${cell(words)} |`
      : `| \`${path}\` | ${cell(type)} | \`${cell(fallback)}\` | ${cell(words)} |`,
  );
  return `${HEAD}${rows.join('\n')}\n`;
}

/** What belongs beside a secret: useless or wrong without it, so that people keep both in one place. */
const BESIDE_SECRETS = ['github.appId'];

/** charts/healer/files/secret-settings.yaml: what comes from Secrets and must not stand in the settings. */
export function renderSecretSettings(): string {
  const keys = settingKeys().filter((key) => key.secret === true || BESIDE_SECRETS.includes(key.path));
  const head = `# Settings that come from a Secret, with their environment variables. Made by \`npm run chart:documents\`.\n`;
  return `${head}${keys.map((key) => `${key.environmentName}: ${key.path}\n`).join('')}`;
}

/** charts/healer/files/rights.yaml: the rules of the Role, from the list that `healer doctor` asks for. */
export function renderRights(): string {
  const rules = RULES.map(({ group, resource, verbs, name }) => ({
    apiGroups: [group],
    resources: [resource],
    ...(name === undefined ? {} : { resourceNames: [name] }),
    verbs: verbs.toSorted(),
  }));
  const head =
    '# Everything that Healer does in its namespace. Made by `npm run chart:documents` from src/app/cluster-rights.ts.\n';
  return `${head}${stringify(rules, { collectionStyle: 'block' })}`;
}

/** The table of docs/kubernetes.md between its two marks. */
export function renderRightsTable(): string {
  const rows = RULES.map(({ group, resource, verbs, name }) => {
    const only = name === undefined ? '' : ` (only \`${name}\`)`;
    return `| \`${resource}\` | ${group === '' ? 'core' : `\`${group}\``} | ${verbs.toSorted().join(', ')}${only} |`;
  });
  return `| resource | group | verbs |\n|---|---|---|\n${rows.join('\n')}\n`;
}

const GUIDE = join(ROOT, 'docs/kubernetes.md');
const MARKS = /(<!-- rights -->\n)[\s\S]*(<!-- \/rights -->)/;

/** docs/kubernetes.md with the present table in it. */
export function renderGuide(): string {
  const guide = readFileSync(GUIDE, 'utf8');
  if (!MARKS.test(guide)) throw new Error('docs/kubernetes.md has lost the marks around its table of rights.');
  return guide.replace(MARKS, (_whole, start: string, end: string) => `${start}${renderRightsTable()}${end}`);
}

export const DOCUMENTS: readonly { readonly path: string; readonly render: () => string }[] = [
  { path: join(ROOT, 'docs/chart-values.md'), render: renderValuesDocument },
  { path: join(CHART, 'files/secret-settings.yaml'), render: renderSecretSettings },
  { path: join(CHART, 'files/rights.yaml'), render: renderRights },
  { path: GUIDE, render: renderGuide },
];

if (process.argv[1] === import.meta.filename) {
  for (const { path, render } of DOCUMENTS) writeFileSync(path, render());
}
