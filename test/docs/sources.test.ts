import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { settingKeys, settingsSchema } from '../../src/app/settings.ts';
import { PLACEHOLDERS } from '../../src/brief/query-language.ts';
import { createSources } from '../../src/brief/sources/index.ts';
import { githubOf } from '../brief/support/world.ts';

const page = readFileSync(resolve(import.meta.dirname, '../../docs/sources.md'), 'utf8');
const GROUPS = /^(?:prometheus|loki|argocd|argoWorkflows|grafana)\./;

describe('docs/sources.md', () => {
  it('opens with settings that are valid', () => {
    const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
    const settings = settingsSchema.parse(parse(example));
    expect(settings.argocd.url).toBe('https://argocd.acme.example');
  });

  it('names every source with the time that it may take', () => {
    for (const { name, budget } of createSources({ github: githubOf('http://127.0.0.1:1') })) {
      const row = page.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${name}\``));
      const [, seconds = ''] = /\| (\d+) s \|$/.exec(row ?? '') ?? [];
      expect(Number(seconds) * 1000, name).toBeGreaterThanOrEqual(budget.timeMs);
    }
  });

  it('names every placeholder, and every setting with its name in the environment', () => {
    for (const name of PLACEHOLDERS) expect(page).toContain(`\`{${name}}\``);
    for (const key of settingKeys().filter(({ path }) => GROUPS.test(path))) {
      const last = key.path.split('.').at(-1) ?? '';
      expect(page.includes(`\`${key.path}\``) || page.includes(`\`.${last}\``), key.path).toBe(true);
      const isListed = page.includes(`\`${key.environmentName}\``);
      expect(isListed || key.path.startsWith('prometheus.queries.'), key.environmentName).toBe(true);
    }
  });
});
