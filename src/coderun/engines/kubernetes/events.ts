import { digestOf } from '../../../lib/digest.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { NewObject } from '../../../lib/kubernetes/objects.ts';
import type { Resource } from '../../../lib/kubernetes/resource.ts';
import { objectName } from '../../names.ts';
import { API_VERSION, type CodeRun, type CodeRunStatus, type Condition, KIND } from '../../schema.ts';

/** What `kubectl describe coderun` shows: one Event for each step, told once whoever tells it. */
export interface Events {
  /** The steps between two readings of a status. Returns at once. */
  between(before: CodeRun, after: CodeRun): void;
  tell(codeRun: CodeRun, type: 'Normal' | 'Warning', reason: string, note: string): void;
  /** Resolves when everything told so far was written or given up. */
  settled(): Promise<void>;
}

export interface EventsDeps {
  readonly events: Resource;
  readonly namespace: string;
  readonly instance: string;
  readonly clock: () => number;
  readonly mayWrite: () => void;
  readonly onProblem: (what: string, message: string) => void;
}

/** The API server takes no longer notes. */
const MAX_NOTE = 1024;
const CONTROLLER = 'healer.platform/coderuns';
/** Reasons of conditions that are steps forward; any other reason of a condition that is true is something that is waited for. */
const GOOD = ['JobStarted', 'AgentSucceeded'];

export function createEvents(deps: EventsDeps): Events {
  const { events, mayWrite, onProblem } = deps;
  const underWay = new Set<Promise<void>>();
  const tell: Events['tell'] = (codeRun, type, reason, note) => {
    const write = async (): Promise<void> => {
      try {
        mayWrite();
        // Its name comes from what it says: told again, it is there already.
        await events.create(eventManifest({ codeRun, type, reason, note }, deps));
      } catch (error) {
        // A run does not depend on what is told of it.
        onProblem('writing an Event', messageOf(error));
      }
    };
    const writing = write().finally(() => underWay.delete(writing));
    underWay.add(writing);
  };
  return {
    tell,
    between(before, after) {
      for (const { type, reason, note } of stepsBetween(before.status, after.status)) tell(after, type, reason, note);
    },
    settled: async () => {
      await Promise.all(underWay);
    },
  };
}

interface Step {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly note: string;
}

/** Steps that go well and that nobody asks for: the status has them, and thousands of runs would write them for nobody. */
const SILENT = ['Accepted', 'FilesReady', 'JobPending', 'Reported'];

/** Conditions that are new or say something new, and starts that failed. Pure. */
export function stepsBetween(before: CodeRunStatus, after: CodeRunStatus): readonly Step[] {
  const changed = after.conditions.filter(
    (condition) => !SILENT.includes(condition.reason) && !isSame(condition, before.conditions),
  );
  const steps = changed.map(({ status, reason, message }) => ({
    type: status === 'True' && GOOD.includes(reason) ? ('Normal' as const) : ('Warning' as const),
    reason,
    note: message,
  }));
  if (after.retryCount <= before.retryCount) return steps;
  return [...steps, { type: 'Warning', reason: 'StartFailed', note: after.message ?? 'The run could not be started.' }];
}

function isSame(condition: Condition, among: readonly Condition[]): boolean {
  const known = among.find(({ type }) => type === condition.type);
  return known?.status === condition.status && known.reason === condition.reason;
}

export function eventManifest(step: Step & { readonly codeRun: CodeRun }, deps: EventsDeps): NewObject {
  const { codeRun, type, reason, note } = step;
  const { name, uid, spec, resourceVersion } = codeRun;
  const hex = digestOf({ uid, attempt: spec.contextVersion, type, reason, note }).slice(0, 16);
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${objectName(name, 200)}.${hex}`, namespace: deps.namespace },
    eventTime: new Date(deps.clock()).toISOString().replace('Z', '000Z'),
    reportingController: CONTROLLER,
    reportingInstance: deps.instance.slice(0, 128),
    action: reason.slice(0, 128),
    reason: reason.slice(0, 128),
    regarding: { apiVersion: API_VERSION, kind: KIND, name, namespace: deps.namespace, uid, resourceVersion },
    note: note.slice(0, MAX_NOTE),
    type,
  };
}
