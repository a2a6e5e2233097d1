import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { ContextFinding } from '../model/evidence.ts';
import type { Remediation } from '../model/remediation.ts';
import { type Redactor, safeLine, safeText } from '../safety/index.ts';
import { type Evidence, type EvidenceFacts, NO_FACTS } from './evidence.ts';
import { cutToBytes } from './prompt/cut.ts';
import { answer, type ContextSource, type SharedReads, type SourceAnswer } from './source.ts';

export interface GatherDeps {
  readonly clock: Clock;
  /** One scope of numbering for the whole brief; hand the same one to the prompt. */
  readonly redactor: Redactor;
  /** Told of every answer, for metrics. */
  readonly onFinding?: (finding: ContextFinding) => void;
  /** What the classifier went by, for the sources that are asked after it. */
  readonly words?: string;
  /** Fires when Healer stops. */
  readonly signal?: AbortSignal;
}

/** Why what is still under way is let go of. Made once: without a reason each abort makes an exception with its stack. */
const OVER = new Error('The source was not waited for any longer.');
/** No body is longer than this in a brief, whatever a source may download. */
const LONGEST_BODY_BYTES = 48 * 1024;

/**
 * Asks every relevant source at once, each within its own budget. Never throws: a source that fails, hangs or is not
 * relevant is a finding that says so, and what it had already learned counts. Takes as long as the slowest source, at
 * most the largest time budget.
 */
export async function gather(
  sources: readonly ContextSource[],
  remediation: Remediation,
  deps: GatherDeps,
): Promise<Evidence> {
  const whole = new AbortController();
  const signal = AbortSignal.any([whole.signal, ...(deps.signal ? [deps.signal] : [])]);
  const learned: Partial<EvidenceFacts>[] = [];
  const shared = sharedReads(signal);
  const asked = sources.map(async (source) => {
    const facts: { current: Partial<EvidenceFacts> } = { current: {} };
    const finding = await askOne(source, remediation, { deps, signal, shared, facts });
    learned.push(facts.current);
    deps.onFinding?.(finding);
    return finding;
  });
  const findings = await Promise.all(asked);
  whole.abort(OVER);
  const known: EvidenceFacts = Object.assign({}, NO_FACTS, ...learned);
  const failedChecks = known.failedChecks.length > 0 ? known.failedChecks : remediation.failedChecks;
  return { gatheredAt: deps.clock(), findings, ...cleanFacts({ ...known, failedChecks }, deps.redactor) };
}

interface Asking {
  readonly deps: GatherDeps;
  readonly signal: AbortSignal;
  readonly shared: SharedReads;
  readonly facts: { current: Partial<EvidenceFacts> };
}

async function askOne(source: ContextSource, remediation: Remediation, asking: Asking): Promise<ContextFinding> {
  const { deps, facts } = asking;
  const { name, budget } = source;
  const started = deps.clock();
  const own = new AbortController();
  const signal = AbortSignal.any([own.signal, asking.signal]);
  let open = true;
  const learn = (more: Partial<EvidenceFacts>): void => {
    if (open) facts.current = { ...facts.current, ...more };
  };
  const finish = (status: ContextFinding['status'], given: SourceAnswer): ContextFinding => {
    open = false;
    const body = given.body === null ? null : cutToBytes(safeText(given.body, deps.redactor), bodyLimit(source));
    return {
      source: name,
      status,
      durationMs: Math.max(0, deps.clock() - started),
      summary: safeLine(given.summary, deps.redactor, 400),
      body: body?.text ?? null,
      url: given.url,
      truncated: given.truncated || (body?.cut ?? false),
    };
  };
  try {
    if (!source.relevant(remediation)) return finish('not_relevant', answer.empty('Not relevant for this failure.'));
    const asked = source.ask({
      remediation,
      now: started,
      signal,
      budget,
      shared: asking.shared,
      words: deps.words ?? '',
      learn,
    });
    const given = await within(asked, budget.timeMs, asking.signal);
    if (given === null) return finish('timed_out', answer.failed(`Gave no answer within ${budget.timeMs} ms.`));
    return finish(given.status, given);
  } catch (error) {
    return finish('failed', answer.failed(messageOf(error)));
  } finally {
    own.abort(OVER);
  }
}

function bodyLimit(source: ContextSource): number {
  return Math.min(LONGEST_BODY_BYTES, source.budget.bytes);
}

/** The promise's value, or null when the time is up or the signal fires first; a late rejection is not lost as unhandled. */
function within<T>(promise: Promise<T>, ms: number, signal: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => done(() => resolve(null));
    const timer = setTimeout(giveUp, ms);
    const done = (act: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      act();
    };
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    promise.then(
      (value) => done(() => resolve(value)),
      (error: unknown) => done(() => reject(error)),
    );
  });
}

function sharedReads(signal: AbortSignal): SharedReads {
  const made = new Map<string, Promise<unknown>>();
  return {
    once<T>(key: string, read: (signal: AbortSignal) => Promise<T>): Promise<T> {
      const known = made.get(key);
      if (known !== undefined) return known as Promise<T>;
      const promise = read(signal);
      // Whoever asks sees the rejection; nobody may be left to ask when it comes.
      promise.catch(() => {});
      made.set(key, promise);
      return promise;
    },
  };
}

/** Every string of the typed facts through the gate. Names of branches, files and repositories stay exact. */
function cleanFacts(facts: EvidenceFacts, redactor: Redactor): EvidenceFacts {
  const text = (value: string): string => safeText(value, redactor);
  const files = (list: EvidenceFacts['changedFiles']) =>
    list?.map((file) => ({ ...file, patch: file.patch === null ? null : text(file.patch) })) ?? null;
  const { headCommit, pullRequest } = facts;
  return {
    ...facts,
    annotations: facts.annotations.map((entry) => ({ ...entry, message: text(entry.message) })),
    changedFiles: files(facts.changedFiles),
    lastAttemptFiles: files(facts.lastAttemptFiles),
    headCommit: headCommit === null ? null : { ...headCommit, message: text(headCommit.message) },
    pullRequest: pullRequest === null ? null : { ...pullRequest, title: safeLine(pullRequest.title, redactor) },
  };
}
