import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gather } from '../../src/brief/gather.ts';
import { renderPrompt } from '../../src/brief/prompt/render.ts';
import { answer, type ContextSource } from '../../src/brief/source.ts';
import { createRedactor } from '../../src/safety/index.ts';
import { promptInput, templates } from '../brief/support/prompts.ts';
import { aRemediation } from '../support/builders.ts';
import { plantedSecrets, survivors } from '../support/secrets.ts';

/** Every source that there is: pod events, alert states, dashboards' annotations, queries' answers, and all the others. */
const SOURCES = readdirSync(resolve(import.meta.dirname, '../../src/brief/sources'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

function leaky(name: string, fails: boolean): ContextSource {
  const lines = plantedSecrets(name).map(({ text }) => `Warning  Failed  pod/shop: ${text}`);
  return {
    name,
    budget: { timeMs: 1_000, bytes: 1_000_000 },
    relevant: () => true,
    ask: async () => {
      if (fails) throw new Error(lines.slice(0, 3).join(' '));
      return answer.found(lines[0] ?? '', lines.join('\n'));
    },
  } as unknown as ContextSource;
}

describe.each([
  ['tell', false],
  ['fail with', true],
])('secrets that sources %s', (_, fails) => {
  it('are in no finding and in no prompt, of none of the sources', async () => {
    expect(SOURCES).toEqual(expect.arrayContaining(['grafana', 'loki', 'prometheus', 'argocd']));
    const redactor = createRedactor();
    const sources = SOURCES.map((name) => leaky(name, fails));
    const planted = SOURCES.flatMap((name) => plantedSecrets(name));
    const { findings } = await gather(sources, aRemediation(), { clock: () => 0, redactor });
    expect(findings.map(({ status }) => status)).toEqual(SOURCES.map(() => (fails ? 'failed' : 'found')));
    expect(survivors(JSON.stringify(findings), planted)).toEqual([]);
    const { text } = renderPrompt(templates, promptInput({ findings, redactor, budgetChars: 400_000 }));
    expect(text).toMatch(/«redacted:/);
    expect(survivors(text, planted)).toEqual([]);
  });
});
