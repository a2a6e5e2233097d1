import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeRunDefinition, codeRunDefinitionYaml } from '../../src/coderun/crd.ts';
import { DESCRIPTIONS } from '../../src/coderun/crd-descriptions.ts';
import { IDENTITY_FIELDS, specStructure, statusStructure } from '../../src/coderun/crd-schema.ts';
import { specSchema, statusSchema } from '../../src/coderun/schema.ts';

type Schema = Readonly<Record<string, unknown>> & {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
};

/** Every path of a schema, with its schema. */
function paths(schema: Schema, path: string): readonly (readonly [string, Schema])[] {
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => paths(field, `${path}.${name}`));
  return [[path, schema], ...inner, ...(schema.items === undefined ? [] : paths(schema.items, `${path}[]`))];
}

const spec = specStructure() as Schema;
const status = statusStructure() as Schema;
const ALL = [...paths(spec, 'spec'), ...paths(status, 'status')];
const field = (path: string): Schema => ALL.find(([name]) => name === path)?.[1] ?? {};

describe('the CustomResourceDefinition of CodeRuns', () => {
  it('is what the chart installs, byte for byte', () => {
    const copy = readFileSync(resolve(import.meta.dirname, '../../charts/healer/crds/coderuns.yaml'), 'utf8');
    expect(copy, 'write it anew: healer crd > charts/healer/crds/coderuns.yaml').toBe(codeRunDefinitionYaml());
  });

  it('has the names that people and dashboards know', () => {
    const { metadata, spec: definition } = codeRunDefinition() as {
      metadata: { name: string };
      spec: { names: object; versions: { name: string; additionalPrinterColumns: { name: string }[] }[] };
    };
    expect(metadata.name).toBe('coderuns.agents.platform');
    expect(definition.names).toMatchObject({ kind: 'CodeRun', plural: 'coderuns', shortNames: ['cr'] });
    const [version] = definition.versions;
    expect(version).toMatchObject({ name: 'v1', served: true, storage: true, subresources: { status: {} } });
    expect(version?.additionalPrinterColumns.map(({ name }) => name)).toEqual([
      'Type',
      'Agent',
      'Service',
      'Type of failure',
      'Attempt',
      'Phase',
      'Age',
    ]);
  });

  it('has every path of the schema, so that nothing that is written is pruned [R3]', () => {
    expect(Object.keys(spec.properties ?? {})).toEqual(Object.keys(specSchema.shape));
    expect(Object.keys(status.properties ?? {})).toEqual(Object.keys(statusSchema.shape));
    expect(Object.keys(field('status.usage').properties ?? {})).toEqual(['inputTokens', 'outputTokens', 'costUsd']);
    expect(Object.keys(field('status.result').properties ?? {})).toEqual(['status', 'summary']);
  });

  it('explains every field, and explains none that there is not', () => {
    const named = ALL.map(([path]) => path).filter((path) => !path.endsWith('[]'));
    expect(named.filter((path) => DESCRIPTIONS[path] === undefined)).toEqual([]);
    expect(Object.keys(DESCRIPTIONS).filter((path) => !ALL.some(([known]) => known === path))).toEqual([]);
  });

  it('is structural: one type a node, no pattern that Go cannot read, no keyword of JSON Schema alone', () => {
    for (const [path, schema] of ALL) {
      expect(typeof schema['type'] === 'string' || schema['x-kubernetes-int-or-string'] === true, path).toBe(true);
      expect(String(schema['pattern'] ?? ''), path).not.toMatch(/\(\?[!=<]/);
      expect(Object.keys(schema), path).not.toEqual(expect.arrayContaining(['anyOf']));
      expect(typeof schema['exclusiveMinimum'], path).toBe('undefined');
    }
  });

  it('keeps the identity and lets the attempt only grow', () => {
    const rules = spec['x-kubernetes-validations'] as { rule: string; fieldPath: string }[];
    for (const name of IDENTITY_FIELDS) expect(rules.some(({ fieldPath }) => fieldPath === `.${name}`)).toBe(true);
    expect(rules.at(-1)?.rule).toBe('self.contextVersion >= oldSelf.contextVersion');
  });

  it('keeps the limits, the defaults and the enumerations of the schema', () => {
    expect(field('spec.service')).toMatchObject({ minLength: 1, maxLength: 63 });
    expect(field('spec.contextVersion')).toMatchObject({ default: 1, minimum: 1, format: 'int64' });
    expect(field('spec.docsBranch')).toMatchObject({ default: 'main', maxLength: 255 });
    expect(field('spec.promptMode')).toMatchObject({ default: 'append', enum: ['append', 'replace'] });
    expect(field('spec.cliConfig.settings')).toMatchObject({ 'x-kubernetes-preserve-unknown-fields': true });
    expect(field('status.conditions')).toMatchObject({
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
    });
  });

  it('writes no default into a status that nobody wrote', () => {
    expect(paths(status, 'status').filter(([, schema]) => 'default' in schema)).toEqual([]);
  });
});
