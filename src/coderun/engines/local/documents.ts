import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../../lib/clock.ts';
import { PermanentError } from '../../../lib/errors.ts';
import type { CodeRunRow, CodeRunRows } from '../../../store/coderuns.ts';
import { assertSameAttempt, type CodeRuns, type StatusPatch } from '../../engine.ts';
import { type CodeRun, type CodeRunDraft, INITIAL_STATUS, isActive, specSchema, statusSchema } from '../../schema.ts';

/** Told of CodeRuns in the store that cannot be read; they are left alone and do not stand in the way of others. */
export type OnMalformed = (name: string, problem: string) => void;

const documents = z.object({
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  spec: specSchema,
  status: statusSchema,
});

/** CodeRuns kept in the store; `changed` is called with the name after each write. */
export function storedCodeRuns(
  rows: CodeRunRows,
  clock: Clock,
  changed: (name: string) => void,
  onMalformed: OnMalformed,
): Omit<CodeRuns, 'watch' | 'listExpired'> & { byUid(uids: readonly string[]): Promise<readonly CodeRun[]> } {
  const get = async (name: string): Promise<CodeRun | null> => {
    const row = await rows.get(name);
    return row === null ? null : codeRunOf(row);
  };
  const wellFormed = (found: readonly CodeRunRow[]): readonly CodeRun[] =>
    found.flatMap((row) => {
      try {
        return [codeRunOf(row)];
      } catch (error) {
        onMalformed(row.name, error instanceof Error ? error.message : String(error));
        return [];
      }
    });
  return {
    get,
    glance: get,
    async create(draft) {
      const isNew = await rows.insert(rowOf(draft, clock()));
      const codeRun = await get(draft.name);
      if (codeRun === null) throw new PermanentError(`The CodeRun ${draft.name} disappeared while it was created.`);
      assertSameAttempt(codeRun, draft);
      if (isNew) changed(draft.name);
      return { codeRun, existed: !isNew };
    },
    listActive: async () => wellFormed(await rows.listActive()),
    byUid: async (uids) => wellFormed(await rows.listByUid(uids)),
    async requestCancel(name) {
      if (await rows.requestCancel(name, clock())) changed(name);
    },
    async patchStatus(name, resourceVersion, patch, isWhole = false) {
      const before = await get(name);
      if (before === null || before.resourceVersion !== resourceVersion) return null;
      const status = statusSchema.parse({ ...(isWhole ? {} : before.status), ...present(patch) });
      const change = { status: JSON.stringify(status), active: isActive(status), now: clock() };
      const row = await rows.updateStatus(name, Number(resourceVersion), change);
      if (row === null) return null;
      changed(name);
      return codeRunOf(row);
    },
  };
}

/** Absent and undefined fields mean unchanged. */
function present(patch: StatusPatch): StatusPatch {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined && value !== null));
}

function rowOf(draft: CodeRunDraft, now: number): CodeRunRow {
  return {
    name: draft.name,
    uid: randomUUID(),
    generation: 1,
    resource_version: 1,
    labels: JSON.stringify(draft.labels),
    annotations: JSON.stringify(draft.annotations),
    spec: JSON.stringify(specSchema.parse(draft.spec)),
    status: JSON.stringify(INITIAL_STATUS),
    active: 1,
    cancel_requested: 0,
    created_at: now,
    updated_at: now,
  };
}

function codeRunOf(row: CodeRunRow): CodeRun {
  const parsed = documents.safeParse({
    labels: json(row.labels),
    annotations: json(row.annotations),
    spec: json(row.spec),
    status: json(row.status),
  });
  if (!parsed.success) {
    throw new PermanentError(`The stored CodeRun ${row.name} is malformed: ${z.prettifyError(parsed.error)}`);
  }
  return {
    name: row.name,
    uid: row.uid,
    generation: row.generation,
    resourceVersion: String(row.resource_version),
    ...parsed.data,
    createdAt: row.created_at,
    cancelRequested: row.cancel_requested === 1,
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
