/** docs/coderun.md, from the CustomResourceDefinition; `npm run generate` writes it. */
import { codeRunDefinition } from '../src/coderun/crd.ts';

interface Schema {
  readonly description?: string;
  readonly type?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly { readonly message?: string }[];
}

const HEAD = `# CodeRun

A CodeRun is one agent run: one agent on one branch of one repository. Healer makes one for each attempt of a remediation;
people make their own with \`healer task submit\` (see [tasks](tasks.md)) or with \`kubectl apply\`. With the Kubernetes
engine it is a custom resource, \`agents.platform/v1\`, \`kubectl get coderuns\` (short: \`cr\`); with the local engine the
same object is kept in the store.

\`healer crd | kubectl apply --server-side -f -\` installs or upgrades the definition. This page is written from it by
\`npm run generate\`; a test compares the two.
`;

export function codeRunPage(): string {
  const definition = codeRunDefinition() as unknown as {
    readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] };
  };
  const schema = definition.spec.versions[0]?.schema.openAPIV3Schema;
  const { spec = {}, status = {} } = schema?.properties ?? {};
  return [HEAD, '## spec', about(spec), table(spec), '## status', about(status), table(status)]
    .join('\n\n')
    .concat('\n');
}

function about({ description, 'x-kubernetes-validations': rules = [] }: Schema): string {
  const kept = rules.flatMap(({ message }) => (message === undefined ? [] : [`- ${message}`]));
  return [
    description ?? '',
    ...(kept.length === 0 ? [] : ['', 'What is refused by the API server:', '', ...kept]),
  ].join('\n');
}

function table(schema: Schema): string {
  const rows = fields(schema, '').map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  return ['| field | type | default | what it says |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** Nested fields stand behind their parent, with a dotted name; `[]` is each entry of a list. */
function fields(schema: Schema, prefix: string): readonly (readonly string[])[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const isRequired = schema.required?.includes(name) === true;
    const inner = field.items?.properties === undefined ? field : field.items;
    const below = fields(inner, `${path}${field.items === undefined ? '' : '[]'}.`);
    return [[`\`${path}\`${isRequired ? ' *' : ''}`, typeOf(field), defaultOf(field), textOf(field)], ...below];
  });
}

function typeOf(field: Schema): string {
  if (field['x-kubernetes-int-or-string'] === true) return 'text or number';
  if (field.enum !== undefined) return field.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (field.type === 'array') return `list of ${field.items === undefined ? 'anything' : typeOf(field.items)}`;
  if (typeof field.additionalProperties === 'object') return `map of ${typeOf(field.additionalProperties)}`;
  return (
    { string: 'text', integer: 'whole number', number: 'number', boolean: 'true or false' }[field.type ?? ''] ??
    'object'
  );
}

function defaultOf({ default: value }: Schema): string {
  return value === undefined ? '–' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function textOf(field: Schema): string {
  const rules = (field['x-kubernetes-validations'] ?? []).flatMap(({ message }) => message ?? []);
  const limit = field.maxLength === undefined ? [] : [`at most ${field.maxLength} characters`];
  const said = [...limit, ...rules].join('; ');
  const text = (field.description ?? '').replace(/\s+/g, ' ').trim();
  return said === '' ? text : `${text} (${said})`.trim();
}
