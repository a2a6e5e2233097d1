import { type Command, Option } from 'commander';
import type { DeliveryView } from '../report/api/views.ts';
import { type CommandDeps, clockOf } from './client.ts';
import type { CliContext } from './context.ts';
import { ago, createStyle, pairs, plain, type Style, table } from './output.ts';
import { printJson, type RemoteOptions, remote, withService } from './remote.ts';

interface ListOptions extends RemoteOptions {
  readonly status?: string;
  readonly reason?: string;
  readonly limit: string;
}

/** Adds `deliveries show|list`: what became of what arrived, and why. */
export function registerDeliveries(program: Command, context: CliContext, deps: CommandDeps = {}): void {
  const group = program.command('deliveries').description('What became of each delivery, and why.');
  remote(group.command('show'))
    .description('One delivery.')
    .argument('<id>', 'Healer’s id, or the sender’s (X-GitHub-Delivery)')
    .action((id: string, options: RemoteOptions, command: Command) =>
      withService(command, context, options, async (client) => {
        const delivery = await client.get<DeliveryView>(`/api/deliveries/${encodeURIComponent(id)}`);
        if (options.json) return printJson(context, delivery);
        context.stdout.write(detailText(delivery, client.url, createStyle(context), clockOf(deps)()));
      }),
    );
  remote(group.command('list'))
    .description('The latest deliveries.')
    .addOption(
      new Option('--status <status>', 'what became of it').choices(['accepted', 'skipped', 'ignored', 'stored']),
    )
    .option('--reason <code>', 'with one reason code')
    .option('--limit <n>', 'at most so many (200)', '20')
    .action((options: ListOptions, command: Command) =>
      withService(command, context, options, async (client) => {
        const { status, reason, limit } = options;
        const page = await client.get<{ deliveries: DeliveryView[] }>('/api/deliveries', { status, reason, limit });
        if (options.json) for (const delivery of page.deliveries) printJson(context, delivery);
        else
          context.stdout.write(
            listText(page.deliveries, createStyle(context), clockOf(deps)(), context.stdout.columns),
          );
      }),
    );
}

function statusText({ status, dedup_status: dedup }: DeliveryView, style: Style): string {
  if (status === null) return style.tone('waiting', 'not decided');
  if (status === 'accepted')
    return dedup === 'existing' ? style.tone('busy', 'joined') : style.tone('good', 'accepted');
  return style.tone(status === 'skipped' ? 'waiting' : 'quiet', status);
}

function listText(deliveries: readonly DeliveryView[], style: Style, now: number, width?: number): string {
  if (deliveries.length === 0) return 'No delivery matches.\n';
  const rows = deliveries.map((delivery) => [
    plain(delivery.external_id ?? delivery.id),
    plain(delivery.event),
    statusText(delivery, style),
    delivery.reason?.code ?? '–',
    delivery.task_id ?? '–',
    ago(delivery.received_at, now),
  ]);
  return table(['DELIVERY', 'EVENT', 'BECAME', 'REASON', 'TASK', 'ARRIVED'], rows, style, width);
}

function detailText(delivery: DeliveryView, url: string, style: Style, now: number): string {
  const { reason, task_id: taskId, remediation_id: remediationId } = delivery;
  const detail = reason === null || reason.detail === reason.sentence ? null : reason.detail;
  const why = reason === null ? 'It was not looked at yet.' : `${reason.sentence} ${style.dim(reason.code)}`;
  return pairs(
    [
      ['delivery', `${delivery.id}  ${style.dim(plain(delivery.external_id))}`],
      ['event', `${plain(delivery.event)} by ${plain(delivery.origin)}, ${ago(delivery.received_at, now)}`],
      ['became', statusText(delivery, style)],
      ['because', why],
      ...(detail === null ? [] : [['', plain(detail, 600)] as const]),
      ...(remediationId === null
        ? []
        : [['task', `${taskId ?? remediationId}  ${url}/remediations/${remediationId}`] as const]),
    ],
    style,
  );
}
