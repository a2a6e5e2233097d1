import type { Command } from 'commander';
import type { InsightsView } from '../report/api/insights.ts';
import { agentName, duration } from '../report/words.ts';
import { cleanText } from '../safety/clean.ts';
import type { CliContext } from './context.ts';
import { createStyle, pairs, plain, type Style, table } from './output.ts';
import { printJson, type RemoteOptions, remote, withService } from './remote.ts';

interface InsightsOptions extends RemoteOptions {
  readonly since?: string;
}

/** Adds `insights`: how well repairs went, what they cost, and what experience says about the rules. */
export function registerInsights(program: Command, context: CliContext): void {
  remote(program.command('insights'))
    .description('How well repairs went, what they cost, and which rules to correct.')
    .option('--since <time>', 'what ended since then; a date or RFC 3339 (default: thirty days back)')
    .action((options: InsightsOptions, command: Command) =>
      withService(command, context, options, async (client) => {
        const insights = await client.get<InsightsView>('/api/insights', { since: options.since });
        if (options.json) return printJson(context, insights);
        context.stdout.write(text(insights, createStyle(context), context.stdout.columns));
      }),
    );
}

type Target = InsightsView['targets']['escalated'];
type Measure = InsightsView['time_to_fix_p90_seconds'];

function text(insights: InsightsView, style: Style, width: number | undefined): string {
  const { targets, cost_per_fix_usd: cost } = insights;
  const time = (seconds: number) => duration(seconds * 1_000);
  const p90 = insights.time_to_fix_p90_seconds;
  const figures = pairs(
    [
      ['span', `${insights.since.slice(0, 10)} to ${insights.until.slice(0, 10)}`],
      ['fixed at first attempt', shown(targets.fixed_at_first_attempt, percent, style)],
      ['fixed within three', shown(targets.fixed_within_three, percent, style)],
      ['escalated', shown(targets.escalated, percent, style)],
      ['correct routing', shown(targets.correct_routing, percent, style)],
      ['time to fix, median', shown(targets.time_to_fix_p50_seconds, time, style)],
      ['time to fix, 90 %', `${p90.value === null ? '–' : time(p90.value)} ${style.dim(`of ${p90.sample}`)}`],
      ['duplicates prevented', shown(targets.duplicates_prevented, percent, style)],
      ['deliveries lost', shown(targets.deliveries_lost, String, style)],
      ['cost per fix', costText(cost, style)],
      ['cost per merged fix', mergedText(insights.cost_per_merged_fix_usd, style)],
    ],
    style,
  );
  return [
    figures,
    agents(insights, style, width),
    types(insights, style, width),
    escalations(insights),
    rules(insights),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function shown(target: Target, unit: (value: number) => string, style: Style): string {
  if (target.value === null) return `– ${style.dim('nothing to count yet')}`;
  const wanted = target.better === 'above' ? 'at least' : 'at most';
  const value = style.tone(target.met === false ? 'bad' : 'good', unit(target.value));
  return `${value} ${style.dim(`of ${target.sample}, wanted ${wanted} ${unit(target.target)}`)}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function costText(cost: InsightsView['cost_per_fix_usd'], style: Style): string {
  if (cost.value === null) return `– ${style.dim(`${cost.attempts_without_cost} attempts reported no cost`)}`;
  const missing = cost.attempts_without_cost === 0 ? '' : `, ${cost.attempts_without_cost} attempts reported none`;
  return `$${cost.value.toFixed(2)} ${style.dim(`of ${cost.sample}, $${cost.total_usd.toFixed(2)} in all${missing}`)}`;
}

function mergedText({ value, sample }: Measure, style: Style): string {
  if (value === null)
    return `– ${style.dim(sample === 0 ? 'nothing merged that GitHub told of' : `${sample} merged, no cost reported`)}`;
  return `$${value.toFixed(2)} ${style.dim(`of ${sample} merged`)}`;
}

function of({ value, sample }: Measure): string {
  return value === null ? '–' : `${percent(value)} of ${sample}`;
}

function agents({ by_agent_and_failure_type: both }: InsightsView, style: Style, width: number | undefined): string {
  if (both.length === 0) return '';
  const rows = both.map((row) => [
    agentName(plain(row.agent)),
    row.failure_type,
    of(row.success),
    of(row.first_attempt),
    row.cost_usd === null ? '–' : `$${row.cost_usd.toFixed(2)}`,
  ]);
  return table(['AGENT', 'FAILURE', 'ATTEMPTS', 'FIRST', 'COST'], rows, style, width);
}

function types({ by_failure_type: all }: InsightsView, style: Style, width: number | undefined): string {
  if (all.length === 0) return '';
  const rows = all.map((row) => [
    row.failure_type,
    of(row.fixed_at_first_attempt),
    of(row.fixed_within_three),
    of(row.escalated),
  ]);
  return table(['FAILURE', 'FIRST ATTEMPT', 'WITHIN THREE', 'ESCALATED'], rows, style, width);
}

function escalations({ escalations: all }: InsightsView): string {
  if (all.length === 0) return '';
  return `Escalated because: ${all.map(({ reason, count }) => `${plain(reason)} ${count}`).join(', ')}\n`;
}

function rules({ routing_corrections: corrections }: InsightsView): string {
  if (corrections.length === 0) return '';
  const lines = corrections.flatMap(({ yaml }) => cleanText(yaml).trimEnd().split('\n'));
  return `Rules that experience speaks against:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}
