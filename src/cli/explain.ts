import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type Explanation, explainDelivery } from '../app/explain.ts';
import { loadSettings } from '../app/load-settings.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import type { CliContext } from './context.ts';

interface Options {
  readonly event: string;
  readonly eventType?: string;
  readonly log?: string;
  readonly json?: boolean;
}

export function registerExplain(program: Command, context: CliContext): void {
  program
    .command('explain')
    .description(
      'Say what would happen to a delivery, and why. Nothing is stored, nobody is asked, nothing is started.',
    )
    .requiredOption('--event <file>', 'the body, bare or as a sensor wraps it')
    .option('--event-type <name>', 'the event (X-GitHub-Event); found out from the body otherwise')
    .option('--log <file>', 'the failed job’s log, for the routing decision')
    .option('--json', 'one JSON document')
    .action(async (options: Options) => {
      const explanation = await explainDelivery({
        settings: loadSettings(context.env, context.cwd),
        body: read(options.event),
        eventType: options.eventType ?? null,
        log: options.log === undefined ? null : read(options.log),
      });
      context.stdout.write(options.json ? `${JSON.stringify(explanation)}\n` : describe(explanation));
    });
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UserError(`${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function describe(explanation: Explanation): string {
  const { event, status, dedup_status, reason, signals, routing } = explanation;
  const lines = [
    `event        ${event ?? 'unknown'}`,
    `answer       ${status} (${dedup_status})`,
    `because      ${reason.code}: ${reason.detail}`,
    ...signals.map((signal) => `signal       ${signal}`),
  ];
  lines.push(...explanation.gates.map(({ gate, passed }) => `gate         ${passed ? 'passed' : 'decided'}: ${gate}`));
  if (explanation.task_id !== null) lines.push(`task         ${explanation.task_id}`);
  if (routing !== null) {
    lines.push(
      `agent        ${routing.agent} (${routing.failure_type}, confidence ${routing.confidence.toFixed(2)})`,
      `rule         ${routing.rule}: ${routing.reason}`,
      `target       ${explanation.target_branch}`,
      ...(routing.transient ? ['transient    the failed jobs are re-run once before any agent is sent'] : []),
      ...routing.evidence.slice(0, 5).map((line) => `evidence     line ${line.line}: ${line.text.slice(0, 160)}`),
    );
  }
  return `${lines.join('\n')}\n`;
}
