import { attemptLimit } from '../../decide/repository-config/apply.ts';
import { asReading } from '../../decide/repository-config/reading.ts';
import type { GitHub } from '../../lib/github/client.ts';
import { splitRepository, statusOf } from '../../lib/github/errors.ts';
import { pullOfRef } from '../../lib/github/pull-ref.ts';
import type { Remediation } from '../../model/remediation.ts';
import type { Handler } from '../../remediate/worker.ts';
import { type CommentPort, marker, renderComment, upsertComment } from '../../report/notifiers/github-comment/index.ts';
import { latestBrief } from '../../store/briefs.ts';
import type { Store } from '../../store/open.ts';
import { findRepositoryConfig } from '../../store/repository-configs.ts';
import { commentCommands } from './command-text.ts';

export interface CommentDeps {
  readonly github: GitHub;
  readonly store: Store;
  readonly maxAttempts: number;
  /** The engine's word for a CodeRun; null when it does not know it. */
  readonly codeRunPhase: (name: string) => Promise<string | null>;
  /** The page of a remediation; null when Healer has no address that people reach. */
  readonly pageUrl: (remediation: Remediation) => string | null;
}

const PER_PAGE = 100;

/** Keeps the one sticky comment of a remediation up to date; without a pull request there is nowhere to say it. */
export function commentHandler(deps: CommentDeps): Handler<'comment'> {
  const ownLogin = rememberLogin(deps.github);
  return async (_effect, remediation) => {
    const { repository, branch } = remediation;
    // What was asked for on a fork's pull request is told there; the repair's own one refers to it.
    const pullRequest = pullOfRef(branch) ?? remediation.pullRequest;
    if (pullRequest === null) return { kind: 'done' };
    const config = asReading(await findRepositoryConfig(deps.store.db, repository));
    const brief = await latestBrief(deps.store.db, remediation.id);
    const codeRun = remediation.attempts.at(-1)?.codeRunName ?? null;
    const body = renderComment(remediation, {
      classification: brief?.classification ?? null,
      codeRunPhase: codeRun === null ? null : await deps.codeRunPhase(codeRun),
      maxAttempts: attemptLimit(deps.maxAttempts, config),
      pageUrl: deps.pageUrl(remediation),
      commands: commentCommands(remediation),
    });
    const port = commentPort(deps.github, repository, pullRequest, await ownLogin(repository));
    // Whoever wants nothing of Healer is not spoken to; what stands there already is brought to its end.
    const isUnwanted = config?.kind === 'valid' && !config.config.enabled;
    const quiet: CommentPort = isUnwanted ? { ...port, create: async () => ({ id: 0 }) } : port;
    await upsertComment(quiet, marker(remediation.taskId), body);
    return { kind: 'done' };
  };
}

export type OwnLogin = (repository: string) => Promise<string>;

/** The account whose comments are ours: the App's bot, or the owner of the token. Asked for once. */
export function rememberLogin(github: GitHub): OwnLogin {
  let login: string | null = null;
  return async (repository) => {
    if (login !== null) return login;
    const app = await github.app();
    login =
      app === null
        ? (await github.forRepository(repository).rest.users.getAuthenticated()).data.login
        : `${app.slug}[bot]`;
    return login;
  };
}

export function commentPort(github: GitHub, repository: string, issue: number, ownLogin: string): CommentPort {
  const octokit = github.forRepository(repository);
  const where = splitRepository(repository);
  return {
    list: async () => {
      const comments = await octokit.paginate(octokit.rest.issues.listComments, {
        ...where,
        issue_number: issue,
        per_page: PER_PAGE,
      });
      return comments.map((comment) => ({
        id: Number(comment.id),
        body: comment.body ?? '',
        isOurs: comment.user?.login.toLowerCase() === ownLogin.toLowerCase(),
      }));
    },
    create: async (body) => {
      const { data } = await octokit.rest.issues.createComment({ ...where, issue_number: issue, body });
      return { id: Number(data.id) };
    },
    update: async (id, body) => {
      try {
        await octokit.rest.issues.updateComment({ ...where, comment_id: id, body });
        return 'updated';
      } catch (error) {
        if (statusOf(error) === 404) return 'gone';
        throw error;
      }
    },
  };
}
