import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadAgents } from '../../../src/brief/agents.ts';
import { loadTemplates } from '../../../src/brief/prompt/load.ts';
import { renderPrompt } from '../../../src/brief/prompt/render.ts';
import { UserError } from '../../../src/lib/errors.ts';
import { FAILURE_TYPES } from '../../../src/model/failure-type.ts';
import { aCheck } from '../../support/builders.ts';
import { finding, PROMPTS, promptInput, templates } from '../support/prompts.ts';

const folder = mkdtempSync(join(tmpdir(), 'healer-prompts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let copies = 0;

/** The real prompts with one file changed. */
function changed(file: string, text: string | ((before: string) => string)): string {
  copies += 1;
  const copy = join(folder, `${copies}`);
  cpSync(PROMPTS, copy, { recursive: true });
  const path = join(copy, file);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, typeof text === 'string' ? text : text(readFileSync(path, 'utf8')));
  return copy;
}

describe('loading the prompts', () => {
  it('has every agent that owns a failure type, and a template and a retry for each', () => {
    const names = templates.agents.map((agent) => agent.name);
    expect(names).toEqual(['atlas', 'blaze', 'bolt', 'cipher', 'rex']);
    for (const { owner } of Object.values(FAILURE_TYPES)) expect(names).toContain(owner);
    expect([...templates.compiled.keys()]).toEqual([
      'ci/frontend-fix.hbs',
      'ci/github-fix.hbs',
      'ci/infra-fix.hbs',
      'ci/retry.hbs',
      'ci/rust-fix.hbs',
      'ci/security-fix.hbs',
    ]);
  });

  it.each([
    ['prints a variable that does not exist', '{{failure.branhc}}', /branhc/],
    ['asks for a variable that does not exist', '{{#if failure.branhc}}x{{/if}}', /does not exist/],
    ['asks for one at the top that does not exist', '{{#if nothing}}x{{/if}}', /nothing|does not exist/],
    ['walks over a list that does not exist', '{{#each chekcs}}x{{/each}}', /chekcs|does not exist/],
    ['quotes a variable that does not exist', '{{code failure.branhc}}', /does not exist/],
    ['prints text from outside without a helper', '{{failure.branch}}', /without a helper/],
    ['prints it raw', '{{{excerpt}}}', /without a helper/],
    ['uses a helper that does not exist', '{{shout failure.branch}}', /shout/],
    ['uses a partial that does not exist', '{{> haed}}', /haed/],
    ['is not closed', '{{#if failure}}', /./],
  ])('refuses a template that %s', (_, text, message) => {
    const copy = changed('ci/rust-fix.hbs', text);
    expect(() => loadTemplates(copy)).toThrow(UserError);
    expect(() => loadTemplates(copy)).toThrow(message);
    expect(() => loadTemplates(copy)).toThrow('prompts/ci/rust-fix.hbs');
  });

  it.each<[string, string, string | ((before: string) => string), RegExp]>([
    ['an unknown key', 'agents/rex/agent.yaml', (text) => `${text}modle: x\n`, /modle/],
    [
      'another name than its folder',
      'agents/rex/agent.yaml',
      (text) => text.replace('name: rex', 'name: max'),
      /folder is rex/,
    ],
    [
      'a template that is not there',
      'agents/rex/agent.yaml',
      (text) => text.replace('rust-fix', 'rost-fix'),
      /ci\/rost-fix\.hbs.*There is: ci\//,
    ],
    ['a path for a template', 'agents/rex/agent.yaml', (text) => text.replace('ci/rust-fix', '../x'), /template/],
    ['no YAML', 'agents/rex/agent.yaml', 'name: [', /not YAML/],
    ['no persona', 'agents/new/agent.yaml', 'name: new\n', /persona\.md is missing/],
  ])('refuses an agent with %s', (_, file, text, message) => {
    const copy = changed(file, text);
    expect(() => loadTemplates(copy)).toThrow(UserError);
    expect(() => loadTemplates(copy)).toThrow(message);
  });

  it('refuses a playbook that leaves a failure type out, or knows one that does not exist', () => {
    const without = changed('ci/playbook.yaml', (text) => text.replace(/rust_fmt:[\s\S]*?(?=rust_test:)/, ''));
    expect(() => loadTemplates(without)).toThrow(/rust_fmt/);
    const more = changed(
      'ci/playbook.yaml',
      (text) => `${text}cobol:\n  advice: Good luck with that one, friend.\n  commands: []\n`,
    );
    expect(() => loadTemplates(more)).toThrow(/cobol/);
  });

  it('refuses a description of reports that leaves a kind out', () => {
    const without = changed('ci/causes.yaml', (text) => text.replace(/code_scan:[\s\S]*?(?=secret:)/, ''));
    expect(() => loadTemplates(without)).toThrow(/causes\.yaml.*code_scan/);
  });

  it('refuses a partial that no template uses, and a template that no agent uses', () => {
    expect(() => loadTemplates(changed('partials/forgotten.hbs', 'Text.'))).toThrow(/partials\/forgotten\.hbs/);
    expect(() => loadTemplates(changed('ci/forgotten.hbs', 'Text.'))).toThrow(/ci\/forgotten\.hbs/);
  });

  it('escapes nothing for HTML', () => {
    const name = `a & b < c > "d" 'e' \`f\` = ${'{{x}}'}`;
    const { text } = renderPrompt(
      templates,
      promptInput({ failedChecks: [aCheck(name)], findings: [finding('annotations', name)] }),
    );
    expect(text.split(name).length).toBeGreaterThanOrEqual(4);
    expect(text).not.toMatch(/&(?:amp|lt|gt|quot|#x?\d+);/);
  });

  it('refuses to start without the default agent', () => {
    const copy = changed('x', '');
    rmSync(join(copy, 'agents/atlas'), { recursive: true });
    expect(() => loadAgents(copy)).toThrow(/no agent "atlas"/);
  });

  it('takes a new agent without a line of code', () => {
    const copy = changed(
      'agents/nova/agent.yaml',
      'name: nova\ngithubApp: 5DLabs-Nova\nspecialty: Everything new\ntemplate: ci/github-fix.hbs\n',
    );
    writeFileSync(join(copy, 'agents/nova/persona.md'), 'You are **Nova**.\n');
    expect(loadTemplates(copy).agents.find((agent) => agent.name === 'nova')).toEqual({
      name: 'nova',
      githubApp: '5DLabs-Nova',
      specialty: 'Everything new',
      cli: null,
      model: null,
      template: 'ci/github-fix.hbs',
      persona: 'You are **Nova**.',
    });
  });
});
