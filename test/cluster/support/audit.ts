import { open, stat } from 'node:fs/promises';
import type { AuditEvent, AuditFilter } from './cluster-types.ts';

const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection'];

/** Events after byte `since` of the log, one a request. */
export async function readAudit(file: string, filter: AuditFilter = {}): Promise<readonly AuditEvent[]> {
  const text = await readFrom(file, filter.since ?? 0);
  const byRequest = new Map<string, AuditEvent>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const event = JSON.parse(line) as AuditEvent;
    // A watch is logged when it is opened and when it ends: the later entry says more.
    byRequest.set(event.auditID, event);
  }
  return [...byRequest.values()].filter((event) => matches(event, filter));
}

export async function auditSize(file: string): Promise<number> {
  return (await stat(file)).size;
}

function matches(event: AuditEvent, filter: AuditFilter): boolean {
  if (filter.user !== undefined && event.user.username !== filter.user) return false;
  if (filter.namespace !== undefined && event.objectRef?.namespace !== filter.namespace) return false;
  if (filter.resource !== undefined && event.objectRef?.resource !== filter.resource) return false;
  if (filter.verbs !== undefined && !filter.verbs.includes(event.verb)) return false;
  return filter.writes !== true || WRITES.includes(event.verb);
}

/** Whole lines only: the last one may still be on its way. */
async function readFrom(file: string, since: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.max(0, size - since));
    await handle.read(buffer, 0, buffer.length, since);
    const text = buffer.toString('utf8');
    return text.slice(0, text.lastIndexOf('\n') + 1);
  } finally {
    await handle.close();
  }
}
