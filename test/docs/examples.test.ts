import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { settingsSchema } from '../../src/app/settings.ts';
import { loadRules } from '../../src/decide/route/load.ts';
import { FAILURE_TYPES } from '../../src/model/failure-type.ts';
import { describeOnPrometheus } from '../brief/support/monitoring.ts';

const ROOT = resolve(import.meta.dirname, '../..');

interface Block {
  readonly page: string;
  readonly language: string;
  readonly text: string;
}

const PAGES = [
  ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`),
  'README.md',
  'sensors/README.md',
].filter((name) => name.endsWith('.md'));
const blocks: readonly Block[] = PAGES.flatMap((page) =>
  [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^ *```(\w+)\n([\s\S]*?)^ *```$/gm)].map(
    ([, language = '', text = '']) => ({ page, language, text }),
  ),
);
const yamlOf = (page: string): readonly string[] =>
  blocks.filter((block) => block.page === page && block.language === 'yaml').map(({ text }) => text);

/** Pages whose shell commands a test runs, and which. */
const RUN_BY: Readonly<Record<string, string>> = {
  'README.md': 'acceptance/first-use.test.ts; npm test and npm run demo are CI’s own steps',
  'docs/kubernetes.md': 'cluster/docs.test.ts',
  'docs/operations.md': 'acceptance/operations-page.test.ts',
  'docs/tasks.md': 'docs/tasks.test.ts',
  'sensors/README.md': 'cluster/sensors.test.ts applies the manifests and sends a dead letter again',
};

it('commands of a shell stand only on pages that a test goes through', () => {
  const pages = new Set(blocks.filter(({ language }) => language === 'sh').map(({ page }) => page));
  expect([...pages].filter((page) => RUN_BY[page] === undefined)).toEqual([]);
});

it('every example in YAML or JSON can be read', () => {
  const written = blocks.filter(({ language }) => language === 'yaml' || language === 'json');
  expect(written.length).toBeGreaterThan(8);
  for (const { page, language, text } of written) {
    expect(() => (language === 'json' ? JSON.parse(text) : parse(text)), `${page}:\n${text}`).not.toThrow();
  }
});

it('every example of Healer’s own settings is accepted', () => {
  const examples = blocks.filter(({ language, text }) => language === 'yaml' && text.startsWith('# healer.yaml'));
  expect(examples.length).toBeGreaterThanOrEqual(2);
  for (const { page, text } of examples) {
    expect(settingsSchema.safeParse(parse(text)).error?.issues ?? [], page).toEqual([]);
  }
});

it('the correction in docs/agents.md is about a rule and an agent that there are', () => {
  const [text = ''] = yamlOf('docs/agents.md');
  const { rules } = parse(text) as { rules: readonly { id: string; agent: string; failure_type: string }[] };
  const known = new Set(loadRules(join(ROOT, 'routing-rules')).rules.map(({ id }) => id));
  const agents = readdirSync(join(ROOT, 'prompts/agents'));
  for (const rule of rules) {
    expect([...known], rule.id).toContain(rule.id);
    expect(agents).toContain(rule.agent);
    expect(Object.keys(FAILURE_TYPES)).toContain(rule.failure_type);
  }
});

describeOnPrometheus('the receiver for Alertmanager in sensors/README.md', () => {
  it('is one that Alertmanager takes', () => {
    const text = yamlOf('sensors/README.md').find((block) => block.startsWith('receivers:')) ?? '';
    const { receivers } = parse(text) as { receivers: readonly { name: string }[] };
    const folder = mkdtempSync(join(tmpdir(), 'healer-amtool-'));
    const file = join(folder, 'alertmanager.yaml');
    writeFileSync(file, stringify({ route: { receiver: receivers[0]?.name }, receivers }));
    expect(execFileSync('amtool', ['check-config', file], { encoding: 'utf8' })).toContain('SUCCESS');
    rmSync(folder, { recursive: true });
  });
});
