/* What reconcile.ts counts: processes, requests, pace. */
import { readFileSync } from 'node:fs';
import type { Cluster } from '../cluster/support/cluster.ts';
import type { AuditEvent } from '../cluster/support/cluster-types.ts';

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}

/** Clock ticks of /proc a second; the kernel's own constant for what it shows there. */
const TICKS = 100;

/** Processor time of the control plane's processes so far, milliseconds. */
export function processorTime(cluster: Cluster): Readonly<Record<'apiserver' | 'etcd' | 'controllerManager', number>> {
  const of = (pid: number): number => {
    // The fields after the name in brackets; user and system time are the 14th and 15th of all.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
  };
  const { apiserver, etcd, controllerManager } = cluster;
  return { apiserver: of(apiserver.pid()), etcd: of(etcd.pid()), controllerManager: of(controllerManager.pid()) };
}

/** Objects a second, from the first one that was made to the last one, by the API server's own clock. */
export function paceOf(events: readonly AuditEvent[], resource: string): { count: number; perSecond: number } {
  const made = events.filter(
    ({ verb, objectRef, responseStatus }) =>
      verb === 'create' &&
      objectRef?.resource === resource &&
      objectRef.subresource === undefined &&
      responseStatus?.code === 201,
  );
  const times = made.map(({ stageTimestamp }) => Date.parse(stageTimestamp)).toSorted((a, b) => a - b);
  const ms = (times.at(-1) ?? Number.NaN) - (times[0] ?? Number.NaN);
  return { count: made.length, perSecond: ((made.length - 1) * 1000) / ms };
}

const WRITES = ['create', 'update', 'patch', 'delete'];

/** Requests of a client, watches left out, and how many of them write. */
export function requestsOf(events: readonly AuditEvent[], agent: string): { all: number; writes: number } {
  const own = events.filter(({ userAgent, verb }) => userAgent?.startsWith(agent) && verb !== 'watch');
  return { all: own.length, writes: own.filter(({ verb }) => WRITES.includes(verb)).length };
}

export interface Row {
  readonly label: string;
  readonly cells: readonly string[];
}

export function table(head: Row, rows: readonly Row[]): string {
  const width = (index: number): number =>
    Math.max(...[head, ...rows].map(({ label, cells }) => (index < 0 ? label : (cells[index] ?? '')).length));
  const first = width(-1);
  const line = ({ label, cells }: Row): string =>
    `${label.padEnd(first)}  ${cells.map((cell, index) => cell.padStart(width(index))).join('  ')}`;
  return `${[head, ...rows].map(line).join('\n')}\n`;
}
