import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { fileSetDigest, fileSetName, renderFiles } from '../../src/coderun/files.ts';
import type { CodeRunSpec } from '../../src/coderun/schema.ts';
import { loadCodeRunTemplates } from '../../src/coderun/templates.ts';
import { codeRun, draft } from './support/drafts.ts';
import { TEMPLATES } from './support/templates.ts';

const filesOf = (change: Partial<CodeRunSpec> = {}) => {
  const made = draft();
  return renderFiles(codeRun({}, { ...made, spec: { ...made.spec, ...change } }), TEMPLATES);
};
const CLIS = [...TEMPLATES.clis.keys()];

describe('the files an agent finds', () => {
  it('are those of the contract', () => {
    expect(Object.keys(filesOf())).toEqual([
      'CLAUDE.md',
      'client-config.json',
      'coding-guidelines.md',
      'container.sh',
      'github-guidelines.md',
      'hooks-pre-push.sh',
      'mcp.json',
      'prompt.md',
      'settings.json',
    ]);
  });

  it('are these', async () => {
    for (const [name, text] of Object.entries(filesOf()))
      await expect(text).toMatchFileSnapshot(`fixtures/claude/${name}`);
  });

  it('are named by their content', () => {
    const first = filesOf();
    expect(fileSetDigest(filesOf())).toBe(fileSetDigest(first));
    expect(fileSetName('run', first)).not.toBe(fileSetName('run', filesOf({ prompt: 'another' })));
    expect(fileSetName('x'.repeat(300), first).length).toBeLessThanOrEqual(253);
  });

  it('hold the prompt as it is, in a file of its own and nowhere else', () => {
    const prompt = 'Run `id`; {{name}} $(touch x) <b>&amp;</b>';
    const files = filesOf({ prompt });
    expect(files['prompt.md']).toBe(`${prompt}\n`);
    expect(Object.values(files).filter((text) => text.includes('touch x'))).toHaveLength(1);
  });

  it('hold a prompt with what was added to it, or what replaces it', () => {
    const more = { promptModification: 'Mind the cache.', acceptanceCriteria: '- it is green' };
    expect(filesOf({ prompt: 'Task.', ...more })['prompt.md']).toBe(
      'Task.\n\nMind the cache.\n\n## Acceptance criteria\n\n- it is green\n',
    );
    expect(filesOf({ prompt: 'Task.', ...more, promptMode: 'replace' })['prompt.md']).not.toContain('Task.');
  });

  it('are valid JSON and valid shell for every CLI and for values that try to break out', () => {
    const hostile = `'; touch /tmp/x; echo "$(id)" \`id\` \\ {{x}}`;
    for (const cliType of [...CLIS, 'command']) {
      const settings = cliType === 'command' ? { command: ['agent', hostile] } : {};
      const files = filesOf({
        repositoryUrl: hostile,
        workingDirectory: hostile,
        githubApp: hostile,
        remoteTools: hostile,
        cliConfig: { cliType, model: hostile, settings },
      });
      for (const [name, text] of Object.entries(files)) {
        if (name.endsWith('.json')) expect(() => JSON.parse(text)).not.toThrow();
        if (name.endsWith('.sh')) execFileSync('bash', ['-n'], { input: text });
      }
      const values = files['container.sh']?.match(/^(REPOSITORY_URL|WORKING_DIRECTORY)=.*$/gm)?.join('\n');
      const echoed = execFileSync('bash', ['-c', `${values}\nprintf '%s' "$REPOSITORY_URL$WORKING_DIRECTORY"`]);
      expect(echoed.toString()).toBe(hostile + hostile);
    }
  });

  it.each(CLIS)('start %s with its model and its prompt', (cliType) => {
    const line = filesOf({ cliConfig: { cliType, model: 'the-model', settings: {} } })
      ['container.sh']?.split('\n')
      .find((text) => text.includes('HEALER_RESULT=$agent_result'));
    expect(line).toContain('the-model');
    const takesStdin = TEMPLATES.clis.get(cliType)?.prompt === 'stdin';
    expect(line?.includes('$HEALER_PROMPT')).toBe(!takesStdin);
    expect(line).not.toMatch(/\{\w+\}/);
  });

  it('continue a session where the CLI can', () => {
    const line = filesOf({ continueSession: true })['container.sh'];
    expect(line).toContain('--continue');
  });

  it('lay the run’s own settings over the common ones', () => {
    const settings = { theme: 'dark', mcpServers: { docs: { command: 'docs-mcp' } } };
    const files = filesOf({ cliConfig: { cliType: 'claude', settings } });
    expect(JSON.parse(files['settings.json'] ?? '')).toMatchObject({ theme: 'dark', permissions: {} });
    expect(JSON.parse(files['settings.json'] ?? '')).not.toHaveProperty('mcpServers');
    expect(JSON.parse(files['mcp.json'] ?? '')).toEqual({ mcpServers: { docs: { command: 'docs-mcp' } } });
  });

  it('refuse a CLI that is not known and a command that is not one', () => {
    expect(() => filesOf({ cliConfig: { cliType: 'teletype', settings: {} } })).toThrow(/teletype.*claude/);
    expect(() => filesOf({ cliConfig: { cliType: 'command', settings: { command: 'rm -rf /' } } })).toThrow(
      'list of words',
    );
  });
});

describe('loading templates', () => {
  const folders: string[] = [];
  const load = (files: Record<string, string>) => {
    const folder = mkdtempSync(join(tmpdir(), 'healer-templates-'));
    folders.push(folder);
    for (const sub of ['clis', 'hooks']) mkdirSync(join(folder, sub));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return loadCodeRunTemplates(folder);
  };
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  it('finds a new hook and a new CLI by themselves', async () => {
    const templates = await load({
      'hooks/post-commit.sh.hbs': 'echo',
      'clis/new.yaml': 'command: [new]\nprompt: stdin\n',
    });
    expect([...templates.files.keys()]).toEqual(['hooks-post-commit.sh']);
    expect([...templates.clis.keys()]).toEqual(['new']);
  });

  it('refuses to render what does not exist, also as a helper’s argument [T1]', async () => {
    for (const text of ['{{nothing}}', '{{sh nothing}}', '{{json nothing}}']) {
      const templates = await load({ 'a.md.hbs': text });
      expect(() => templates.files.get('a.md')?.({ name: 'x' })).toThrow(/a\.md\.hbs/);
    }
  });

  it('names the file that is not valid', async () => {
    await expect(load({ 'clis/bad.yaml': 'comand: [x]' })).rejects.toThrow(/bad\.yaml/);
    await expect(loadCodeRunTemplates('/no/such/folder')).rejects.toThrow('/no/such/folder');
  });
});
