import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import { TOOLS } from '../../src/app/mcp/registry.ts';
import { settingKeys } from '../../src/app/settings.ts';
import type { CliContext } from '../../src/cli/context.ts';
import { registerTask } from '../../src/cli/task.ts';
import { taskBody, taskFields } from '../../src/report/api/task-schemas.ts';
import { codeRunView } from '../cli/coderun-view.ts';
import { makeContext } from '../cli/terminal.ts';

const read = (name: string): string => readFileSync(resolve(import.meta.dirname, '../../docs', name), 'utf8');
const blocks = (document: string, language: string): string[] =>
  [...document.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text);

/** Words of a command line as a shell takes them, double quotes included. */
const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

const RUN = codeRunView();

/** Runs the commands of a document against a service that only remembers what it was asked. */
async function run(lines: readonly string[]): Promise<{ method: string; url: string; body: unknown }[]> {
  const asked: { method: string; url: string; body: unknown }[] = [];
  const app = fastify();
  app.all('*', async ({ method, url, body }) => {
    asked.push({ method, url, body });
    return RUN;
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  try {
    for (const line of lines) {
      const { context } = makeContext({ env: { HEALER_URL: url, USER: 'ada' } });
      const program = new Command('healer');
      registerTask(program, context satisfies CliContext);
      await program.parseAsync(['node', ...words(line)]);
    }
  } finally {
    await app.close();
  }
  return asked;
}

describe('docs/tasks.md', () => {
  const document = read('tasks.md');

  it('shows commands that run as they stand, and submissions that the service takes', async () => {
    const lines = blocks(document, 'sh').flatMap((text) => text.trim().split('\n'));
    expect(lines).toHaveLength(4);
    const asked = await run(lines);
    const submitted = asked.filter(({ url, method }) => url === '/api/coderuns' && method === 'POST');
    expect(submitted).toHaveLength(2);
    for (const { body } of submitted) expect(taskBody.safeParse(body).error).toBeUndefined();
    expect(submitted[1]?.body).toMatchObject({ continue_session: true, by: 'ada' });
    expect(asked.map(({ url }) => url)).toContain(`/api/coderuns/${RUN.name}/cancel`);
  });

  it('lists every field, and every flag of the command', () => {
    const rows = [...document.matchAll(/^\| (`[a-z_`, ]+`) \| (`--[a-z`, -]+`) \| (.*) \|$/gm)];
    const listed = (column: number) =>
      rows.flatMap((row) => [...(row[column] ?? '').matchAll(/`([^`]+)`/g)].map(([, it]) => it));
    const fields = ['run_type', ...Object.keys(taskFields).filter((field) => field !== 'by')];
    expect(listed(1).toSorted()).toEqual(fields.toSorted());
    const program = new Command('healer');
    registerTask(program, makeContext().context);
    const submit = program.commands[0]?.commands.find((command) => command.name() === 'submit');
    const flags = submit?.options.map(({ long }) => long).filter((flag) => flag !== '--url' && flag !== '--json');
    expect(listed(2).toSorted()).toEqual(flags?.toSorted());
  });

  it('names only settings that there are', () => {
    const paths = settingKeys().map(({ path }) => path);
    const named = [
      'maxConcurrentCodeRuns',
      'maxConcurrentCodeRunsPerRepository',
      'repositories',
      'mode',
      'toolsServerUrl',
      'limits.runDeadlineMinutes',
    ];
    for (const path of named) {
      expect(document).toContain(`\`${path}\``);
      expect(paths).toContain(path);
    }
  });
});

describe('docs/mcp.md', () => {
  const document = read('mcp.md');

  it('shows configurations that are JSON', () => {
    const configurations = blocks(document, 'json').map((text) => JSON.parse(text));
    expect(configurations).toHaveLength(2);
    expect(configurations[0].mcpServers.healer.args).toEqual(['healer', 'mcp']);
    expect(configurations[1].mcpServers.healer.url).toMatch(/\/mcp$/);
  });

  it('lists every tool with what it needs', () => {
    const rows = [...document.matchAll(/^\| `(\w+)` \| .* \| (read|write) \|$/gm)].map(([, name, need]) => [
      name,
      need,
    ]);
    expect(rows).toEqual(TOOLS.map(({ name, annotations }) => [name, annotations.readOnlyHint ? 'read' : 'write']));
  });
});
