import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type FileSet, fileSetDigest, fileSetName, renderFiles } from '../../src/coderun/files.ts';
import type { CodeRunSpec } from '../../src/coderun/schema.ts';
import { loadCodeRunTemplates } from '../../src/coderun/templates.ts';
import { codeRun, draft } from './support/drafts.ts';
import { TEMPLATES } from './support/templates.ts';

const filesOf = (change: Partial<CodeRunSpec> = {}) => {
  const made = draft();
  return renderFiles(codeRun({}, { ...made, spec: { ...made.spec, ...change } }), TEMPLATES);
};
const CLIS = [...TEMPLATES.clis.keys()];

/** Everything that a task can be given. */
const TASK: Partial<CodeRunSpec> = {
  runType: 'implementation',
  taskId: '7',
  service: 'shop',
  branch: 'healer/shop-7',
  docsRepositoryUrl: 'https://github.com/acme/docs.git',
  docsProjectDirectory: 'projects/shop',
  platformRepositoryUrl: 'https://github.com/acme/platform.git',
  workingDirectory: 'services/shop',
  contextVersion: 2,
  continueSession: true,
  overwriteMemory: true,
  prompt: 'Build it.',
  promptModification: 'Use the other HTTP client.',
  acceptanceCriteria: '- it answers 200',
  localTools: 'memory',
  remoteTools: 'search',
  toolConfig: 'advanced',
  env: { TOOLS_SERVER_URL: 'https://tools.example/mcp' },
  cliConfig: { cliType: 'codex', model: 'the-model', settings: {} },
};

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

  it('are these for a task with everything', async () => {
    for (const [name, text] of Object.entries(filesOf(TASK)))
      await expect(text).toMatchFileSnapshot(`fixtures/task/${name}`);
  });

  it('differ between CLIs in this', async () => {
    const common = filesOf({ cliConfig: { cliType: 'claude', model: 'the-model', settings: {} } });
    const sections = CLIS.map((cliType) => {
      const files = filesOf({ localTools: 'memory', cliConfig: { cliType, model: 'the-model', settings: {} } });
      const own = Object.entries(files).filter(([name]) => !(name in common));
      const script = files['container.sh'] ?? '';
      const lines = script.split('\n').filter((line) => !common['container.sh']?.split('\n').includes(line));
      const call = /^call_agent\(\) \{\n[\s\S]*?^\}/m.exec(script)?.[0] ?? '';
      const texts = own.map(([name, text]) => `${name}:\n\n${text}`);
      return [`# ${cliType}`, call, lines.filter((line) => !call.includes(line)).join('\n'), ...texts].join('\n\n');
    });
    await expect(`${sections.join('\n\n')}\n`).toMatchFileSnapshot('fixtures/clis.txt');
  });

  it('are named by their content', () => {
    const first = filesOf();
    expect(fileSetDigest(filesOf())).toBe(fileSetDigest(first));
    const nameOf = (name: string, files: FileSet) => fileSetName(name, fileSetDigest(files));
    expect(nameOf('run', first)).not.toBe(nameOf('run', filesOf({ prompt: 'another' })));
    expect(nameOf('x'.repeat(300), first).length).toBeLessThanOrEqual(253);
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

  it.each(CLIS)('start %s with its model and its prompt, anew and in a session', (cliType) => {
    const lines = filesOf({ cliConfig: { cliType, model: 'the-model', settings: {} } })
      ['container.sh']?.split('\n')
      .filter((text) => text.includes('HEALER_RESULT=$agent_result'));
    expect(lines).toHaveLength(2);
    const takesStdin = TEMPLATES.clis.get(cliType)?.prompt === 'stdin';
    for (const line of lines ?? []) {
      expect(line).toContain('the-model');
      expect(line.includes('$HEALER_PROMPT')).toBe(!takesStdin);
      expect(line).not.toMatch(/\{\w+\}/);
    }
  });

  it('name a model with its provider where the CLI wants it, once', () => {
    const model = (name: string, provider?: string) =>
      filesOf({
        cliConfig: { cliType: 'opencode', model: name, settings: {}, ...(provider === undefined ? {} : { provider }) },
      })['container.sh'];
    expect(model('gpt-5')).toContain('--model anthropic/gpt-5 ');
    expect(model('gpt-5', 'openai')).toContain('--model openai/gpt-5 ');
    expect(model('openrouter/qwen')).toContain('--model openrouter/qwen ');
  });

  describe('of tools', () => {
    const json = (change: Partial<CodeRunSpec>, name: string) => JSON.parse(filesOf(change)[name] ?? '');
    const asked = {
      localTools: 'memory, git',
      remoteTools: 'search',
      env: { TOOLS_SERVER_URL: 'https://tools.example/mcp' },
    };

    it('hold the servers that were named, by default', () => {
      expect(json({}, 'mcp.json')).toEqual({ mcpServers: {} });
      expect(json(asked, 'mcp.json').mcpServers).toMatchObject({
        memory: { command: 'npx' },
        git: { command: 'uvx' },
        tools: { type: 'http', url: 'https://tools.example/mcp' },
      });
      expect(Object.keys(json(asked, 'mcp.json').mcpServers)).toEqual(['memory', 'git', 'tools']);
      expect(json(asked, 'client-config.json')).toMatchObject({
        toolConfig: 'default',
        localTools: ['memory', 'git'],
        remoteTools: ['search'],
      });
    });

    it('hold all local servers when advanced, and none at all when minimal', () => {
      const advanced = json({ ...asked, toolConfig: 'advanced' }, 'mcp.json').mcpServers;
      expect(Object.keys(advanced)).toEqual([...TEMPLATES.tools.keys(), 'tools']);
      const minimal = { ...asked, toolConfig: 'minimal' as const };
      expect(json(minimal, 'mcp.json')).toEqual({ mcpServers: {} });
      expect(json(minimal, 'client-config.json')).toMatchObject({ localTools: [], remoteTools: [], localServers: {} });
      expect(json(minimal, 'settings.json').permissions.deny).toContain('WebFetch');
      expect(json(asked, 'settings.json').permissions.deny).not.toContain('WebFetch');
    });

    it('are in the CLI’s own format, whatever the names and values are', () => {
      const odd = { command: 'a "b"\n', args: ['\u007f'], env: { K: 'v' } };
      const settings = { mcpServers: { 'x"] y': odd, docs: { type: 'http', url: 'https://docs.example/mcp' } } };
      const config = (cliType: string, name: string) => filesOf({ cliConfig: { cliType, settings } })[name] ?? '';
      const toml = config('codex', 'cli-config.toml');
      expect(toml).toContain(
        '[mcp_servers."x\\"] y"]\ncommand = "a \\"b\\"\\n"\nargs = ["\\u007f"]\nenv = { "K" = "v" }',
      );
      expect(toml).toContain('[mcp_servers."docs"]\nurl = "https://docs.example/mcp"');
      expect(JSON.parse(config('gemini', 'cli-config.json')).mcpServers.docs).toEqual({
        httpUrl: 'https://docs.example/mcp',
      });
      expect(JSON.parse(config('opencode', 'cli-config.json')).mcp).toMatchObject({
        'x"] y': { type: 'local', command: ['a "b"\n', '\u007f'], environment: { K: 'v' } },
        docs: { type: 'remote', url: 'https://docs.example/mcp' },
      });
    });
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
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
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
