import { type Command, Option } from 'commander';
import type { z } from 'zod';
import type { commandAnswerSchema } from '../report/api/schemas.ts';
import type { DetailView, SummaryView } from '../report/api/views.ts';
import { type CommandDeps, clockOf, personName, type ServiceClient } from './client.ts';
import type { CliContext } from './context.ts';
import { createStyle, plain } from './output.ts';
import { detailText, listText, phaseText, promptText } from './remediation-text.ts';
import { printJson, type RemoteOptions, remote, withService } from './remote.ts';

interface ListOptions extends RemoteOptions {
  readonly phase?: string;
  readonly repo?: string;
  readonly branch?: string;
  readonly agent?: string;
  readonly failureType?: string;
  readonly since?: string;
  readonly limit: string;
}

type CommandAnswer = z.infer<typeof commandAnswerSchema>;

/** The API's own limit of one page. */
const PAGE = 200;

/** Adds `remediations list|show|retry|cancel|approve`, against a running service. */
export function registerRemediations(program: Command, context: CliContext, deps: CommandDeps = {}): void {
  const group = program.command('remediations').description('See what is being repaired, and act on it.');
  addList(group, context, deps);
  addShow(group, context, deps);
  addRetry(group, context);
  addSimple(group, context, 'cancel', 'Stop working on a remediation.');
  addSimple(group, context, 'approve', 'Let an agent start where approval is awaited.');
}

function addList(group: Command, context: CliContext, deps: CommandDeps): void {
  remote(group.command('list'))
    .description('Remediations, newest first.')
    .option('--phase <phase>', 'a phase, or “live” for everything under way')
    .option('--repo <owner/name>', 'of one repository')
    .option('--branch <name>', 'of one branch')
    .option('--agent <name>', 'of one agent')
    .option('--failure-type <type>', 'of one failure type')
    .option('--since <time>', 'opened at or after: RFC 3339, or a date')
    .option('--limit <n>', 'at most so many', '20')
    .action((options: ListOptions, command: Command) => {
      const limit = Number(options.limit);
      if (!Number.isInteger(limit) || limit < 1)
        command.error(`error: --limit takes a whole number above 0, not “${options.limit}”`, { exitCode: 2 });
      return withService(command, context, options, async (client) => {
        const remediations = await readUpTo(client, options, limit);
        if (options.json) for (const entry of remediations) printJson(context, entry);
        else
          context.stdout.write(listText(remediations, createStyle(context), clockOf(deps)(), context.stdout.columns));
      });
    });
}

async function readUpTo(client: ServiceClient, options: ListOptions, limit: number): Promise<readonly SummaryView[]> {
  const found: SummaryView[] = [];
  let cursor: string | null | undefined;
  while (found.length < limit && cursor !== null) {
    const page: { remediations: SummaryView[]; next_cursor: string | null } = await client.get('/api/remediations', {
      phase: options.phase,
      repo: options.repo,
      branch: options.branch,
      agent: options.agent,
      failure_type: options.failureType,
      since: options.since,
      limit: String(Math.min(PAGE, limit - found.length)),
      cursor,
    });
    found.push(...page.remediations);
    cursor = page.next_cursor;
  }
  return found;
}

function addShow(group: Command, context: CliContext, deps: CommandDeps): void {
  remote(group.command('show'))
    .description('One remediation: evidence, attempts, timeline.')
    .argument('<id>', 'task id (ci-…) or remediation id')
    .option('--prompt', 'only what the agent of the latest attempt was told')
    .action((id: string, options: RemoteOptions & { prompt?: boolean }, command: Command) =>
      withService(command, context, options, async (client) => {
        const remediation = await client.get<DetailView>(pathOf(id));
        if (options.json) return printJson(context, remediation);
        const text = options.prompt
          ? promptText(remediation)
          : detailText(remediation, createStyle(context), clockOf(deps)(), context.stdout.columns);
        context.stdout.write(text);
      }),
    );
}

function addRetry(group: Command, context: CliContext): void {
  remote(group.command('retry'))
    .description('Try again; the next attempt reads your guidance.')
    .argument('<id>', 'task id (ci-…) or remediation id')
    .option('--guidance <text>', 'what the agent should know or do differently')
    .addOption(new Option('--mode <mode>', 'how the guidance meets the prompt').choices(['append', 'replace']))
    .action((id: string, options: RemoteOptions & { guidance?: string; mode?: string }, command: Command) =>
      act(command, context, options, id, 'retry', { guidance: options.guidance, mode: options.mode }),
    );
}

function addSimple(group: Command, context: CliContext, verb: 'cancel' | 'approve', description: string): void {
  remote(group.command(verb))
    .description(description)
    .argument('<id>', 'task id (ci-…) or remediation id')
    .action((id: string, options: RemoteOptions, command: Command) => act(command, context, options, id, verb, {}));
}

async function act(
  command: Command,
  context: CliContext,
  options: RemoteOptions,
  id: string,
  verb: CommandAnswer['command'],
  body: object,
): Promise<void> {
  await withService(command, context, options, async (client) => {
    const answer = await client.post<CommandAnswer>(`${pathOf(id)}/${verb}`, { by: personName(context), ...body });
    if (options.json) return printJson(context, answer);
    const { remediation, guidance, mode } = answer;
    const words = guidance === null ? '' : ` Guidance (${mode}): ${plain(guidance, 600)}`;
    context.stdout.write(
      `${remediation.task_id}: ${DONE[verb]}.${words}\nNow: ${phaseText(remediation, createStyle(context))}  ${client.url}/remediations/${remediation.id}\n`,
    );
  });
}

const DONE = { retry: 'asked to try again', cancel: 'cancelled', approve: 'approved' } as const;

function pathOf(id: string): string {
  return `/api/remediations/${encodeURIComponent(id)}`;
}
