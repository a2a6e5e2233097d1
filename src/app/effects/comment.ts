import { attemptLimit } from '../../decide/repository-config/apply.ts';
import { asReading } from '../../decide/repository-config/reading.ts';
import type { GitHub } from '../../lib/github/client.ts';
import { pullOfRef } from '../../lib/github/pull-ref.ts';
import type { Remediation } from '../../model/remediation.ts';
import type { Handler } from '../../remediate/worker.ts';
import {
  type CommentView,
  commentPort,
  githubCommentNotifier,
  marker,
  type OwnLogin,
  rememberLogin,
  renderComment,
} from '../../report/notifiers/github-comment/index.ts';
import { latestBrief, type StoredBrief } from '../../store/briefs.ts';
import type { Store } from '../../store/open.ts';
import { findRepositoryConfig } from '../../store/repository-configs.ts';
import { commentCommands } from './command-text.ts';

export { commentPort, type OwnLogin, rememberLogin };

export interface CommentDeps {
  readonly github: GitHub;
  readonly store: Store;
  readonly maxAttempts: number;
  /** The engine's word for a CodeRun; null when it does not know it. */
  readonly codeRunPhase: (name: string) => Promise<string | null>;
  /** The page of a remediation; null when Healer has no address that people reach. */
  readonly pageUrl: (remediation: Remediation) => string | null;
  /** The trace of a remediation; null where none are kept. */
  readonly traceId: (remediation: Remediation) => string | null;
  /** What came of telling it once. */
  readonly onResult?: (notifier: string, result: 'sent' | 'edited' | 'unchanged' | 'failed') => void;
}

/** What is shown of a remediation on its pull request, and where. */
export interface Shown {
  readonly view: CommentView;
  readonly brief: StoredBrief | null;
  /** What was asked for on a fork's pull request is told there; the repair's own one refers to it. */
  readonly pullRequest: number;
  /** Whoever wants nothing of Healer is not spoken to; what stands there already is brought to its end. */
  readonly isUnwanted: boolean;
}

/** Null without a pull request: then there is nowhere to show it. */
export async function shownOf(deps: CommentDeps, remediation: Remediation): Promise<Shown | null> {
  const pullRequest = pullOfRef(remediation.branch) ?? remediation.pullRequest;
  if (pullRequest === null) return null;
  const config = asReading(await findRepositoryConfig(deps.store.db, remediation.repository));
  const brief = await latestBrief(deps.store.db, remediation.id);
  const codeRun = remediation.attempts.at(-1)?.codeRunName ?? null;
  const traceId = deps.traceId(remediation);
  const view: CommentView = {
    classification: brief?.classification ?? null,
    codeRunPhase: codeRun === null ? null : await deps.codeRunPhase(codeRun),
    maxAttempts: attemptLimit(deps.maxAttempts, config),
    pageUrl: deps.pageUrl(remediation),
    ...(traceId === null ? {} : { traceId }),
    commands: commentCommands(remediation),
  };
  return { view, brief, pullRequest, isUnwanted: config?.kind === 'valid' && !config.config.enabled };
}

/** Keeps the one sticky comment of a remediation up to date; without a pull request there is nowhere to say it. */
export function commentHandler(deps: CommentDeps): Handler<'comment'> {
  const notifier = githubCommentNotifier(deps.github, rememberLogin(deps.github));
  return async (_effect, remediation, signal) => {
    const shown = await shownOf(deps, remediation);
    if (shown === null) return { kind: 'done' };
    const { pullRequest, isUnwanted } = shown;
    const told = {
      repository: remediation.repository,
      pullRequest,
      marker: marker(remediation.taskId),
      body: renderComment(remediation, shown.view),
      onlyIfThere: isUnwanted,
    };
    try {
      const { action } = await notifier.tell(told, null, signal);
      deps.onResult?.(notifier.name, action);
    } catch (error) {
      deps.onResult?.(notifier.name, 'failed');
      throw error;
    }
    return { kind: 'done' };
  };
}
