import { type ClusterEvent, howOften, lastSeen, latestFirst } from '../../cluster-event.ts';
import type { Application, ApplicationDetails } from './api.ts';

const MAX_RESOURCES = 12;
const MAX_EVENTS = 12;
const MAX_MESSAGE = 600;

interface Named {
  readonly kind?: string | null | undefined;
  readonly namespace?: string | null | undefined;
  readonly name?: string | null | undefined;
}

const nameOf = ({ kind, namespace, name }: Named): string =>
  `${kind ?? 'resource'} ${namespace == null || namespace === '' ? '' : `${namespace}/`}${name ?? '?'}`;
const message = (text: string | null | undefined): string =>
  text == null || text === '' ? '' : `: ${text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}…` : text}`;

/** One application as a person would tell a colleague: how it stands, what is wrong with it, what happened last. */
export function applicationInWords(details: ApplicationDetails): string {
  const { application } = details;
  const { metadata, status } = application;
  const revision = status?.sync?.revision == null ? '' : ` at ${status.sync.revision.slice(0, 12)}`;
  return [
    `Application ${metadata.name}: sync ${status?.sync?.status ?? 'unknown'}${revision}, health ${status?.health?.status ?? 'unknown'}${message(status?.health?.message)}`,
    ...sourcesInWords(application),
    ...(status?.conditions ?? []).map((one) => `  condition ${one.type ?? '?'}${message(one.message)}`),
    ...operationInWords(application),
    ...resourcesInWords(details),
    ...eventsInWords(details.events),
  ].join('\n');
}

function sourcesInWords({ spec }: Application): readonly string[] {
  return [spec?.source, ...(spec?.sources ?? [])].flatMap((source) => {
    if (source?.repoURL == null) return [];
    const place = source.chart ?? source.path ?? '.';
    return [`  source ${source.repoURL.replace(/\/\/[^/@]*@/, '//')}, ${place} at ${source.targetRevision ?? 'HEAD'}`];
  });
}

function operationInWords({ status }: Application): readonly string[] {
  const operation = status?.operationState;
  if (operation == null) return [];
  const when = operation.finishedAt ?? operation.startedAt;
  const retries = operation.retryCount ? `, tried again ${operation.retryCount} times` : '';
  const bad = (operation.syncResult?.resources ?? []).filter(
    (one) => one.status === 'SyncFailed' || one.hookPhase === 'Failed' || one.hookPhase === 'Error',
  );
  return [
    `  last operation ${operation.phase ?? 'unknown'}${when == null ? '' : ` (${when})`}${retries}${message(operation.message)}`,
    ...bad
      .slice(0, MAX_RESOURCES)
      .map((one) => `    ${nameOf(one)} ${one.status ?? one.hookPhase ?? ''}${message(one.message)}`),
  ];
}

/** Unwell resources of the tree, which knows pods as well, and those of the application that are not as in git. */
function resourcesInWords({ application, nodes }: ApplicationDetails): readonly string[] {
  const unwell = [...nodes, ...(application.status?.resources ?? [])].filter(
    ({ health }) => health?.status != null && !['Healthy', 'Suspended', ''].includes(health.status),
  );
  const lines = new Map(
    unwell.map((one) => [nameOf(one), `  ${nameOf(one)} ${one.health?.status ?? ''}${message(one.health?.message)}`]),
  );
  for (const one of application.status?.resources ?? []) {
    if (one.status === 'OutOfSync' && !lines.has(nameOf(one))) lines.set(nameOf(one), `  ${nameOf(one)} OutOfSync`);
  }
  const shown = [...lines.values()].slice(0, MAX_RESOURCES);
  return lines.size > shown.length ? [...shown, `  and ${lines.size - shown.length} more resources`] : shown;
}

function eventsInWords(events: readonly ClusterEvent[]): readonly string[] {
  const isTelling = ({ type, reason }: ClusterEvent): boolean =>
    type === 'Warning' || /fail|error|degrad|OperationCompleted|StatusRefreshed/i.test(reason ?? '');
  return latestFirst(events.filter(isTelling))
    .slice(0, MAX_EVENTS)
    .map((event) => `  event ${lastSeen(event)} ${event.reason ?? ''}${howOften(event)}${message(event.message)}`);
}
