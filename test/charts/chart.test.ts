import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { settingsSchema } from '../../src/app/settings.ts';
import { CHART, DOCUMENTS, ROOT, readValues } from './documents.ts';

const read = (path: string) => readFileSync(join(CHART, path), 'utf8');
const examples = readdirSync(join(CHART, 'examples'));

describe('the chart', () => {
  it.each(DOCUMENTS)('has a current $path', ({ path, render }) => {
    expect(readFileSync(path, 'utf8'), 'run: npm run chart:documents').toBe(render());
  });

  it('carries the version of the program', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(parse(read('Chart.yaml'))).toMatchObject({ version, appVersion: version });
  });

  it('says of every value what it does, and knows no value in its schema that has no default', () => {
    const values = readValues();
    expect(values.filter(({ words }) => words === '').map(({ path }) => path)).toEqual([]);
    const inSchema = leaves(JSON.parse(read('values.schema.json')) as Schema);
    const known = new Set(values.map(({ path }) => path));
    expect(inSchema.filter((path) => !known.has(path) && path !== 'global')).toEqual([]);
  });

  it('refuses unknown keys everywhere but where Kubernetes or the program know them better', () => {
    const open = openObjects(JSON.parse(read('values.schema.json')) as Schema);
    expect(open).toEqual([
      'global',
      'settings',
      'env[]',
      'podSecurityContext',
      'securityContext',
      'tolerations[]',
      'affinity',
      'topologySpreadConstraints[]',
      'networkPolicy.ingressFrom[]',
      'networkPolicy.extraEgress[]',
      'networkPolicy.agents.extraEgress[]',
    ]);
  });

  it('has examples', () => {
    expect(examples).toEqual(expect.arrayContaining(['embedded.yaml', 'production.yaml', 'everything.yaml']));
  });

  it.each(['../values.yaml', ...examples])('gives settings in %s that the program takes', (name) => {
    const { settings } = parse(read(join('examples', name))) as { settings: Record<string, unknown> };
    expect(settingsSchema.safeParse(settings).error?.issues).toBeUndefined();
  });
});

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
}

function leaves(schema: Schema, prefix = ''): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const path = `${prefix}${key}`;
    return inner.properties === undefined || path === 'settings' ? [path] : leaves(inner, `${path}.`);
  });
}

/** Objects that take any key, and not just texts under names of one's own. */
function openObjects(schema: Schema, path = ''): readonly string[] {
  const here = schema.type === 'object' && schema.additionalProperties === undefined ? [path] : [];
  const below = Object.entries(schema.properties ?? {}).flatMap(([key, inner]) =>
    openObjects(inner, path === '' ? key : `${path}.${key}`),
  );
  return [
    ...here,
    ...(path === 'settings' ? [] : below),
    ...(schema.items ? openObjects(schema.items, `${path}[]`) : []),
  ];
}
