import { type Role, roleOf } from '../../decide/admit/command.ts';
import { PermanentError } from '../../lib/errors.ts';
import type { GitHub } from '../../lib/github/client.ts';
import { githubError, isNotFound, splitRepository } from '../../lib/github/errors.ts';
import type { CommandSignal } from '../../model/signal.ts';
import { upsertComment } from '../../report/notifiers/github-comment/index.ts';
import { commentPort, type OwnLogin } from './comment.ts';

export type Reaction = 'eyes' | 'rocket' | '-1';

/** The pull request that a command was typed on. */
export interface PullPlace {
  readonly number: number;
  readonly isOpen: boolean;
  readonly headRef: string;
  readonly headSha: string;
  readonly baseRef: string;
  readonly fromFork: boolean;
}

/** What a command needs of GitHub. Each throws RetryableError when GitHub does not answer. */
export interface CommandPort {
  /** The same reaction again changes nothing. One that GitHub does not allow is left out. */
  react(content: Reaction): Promise<void>;
  /** What whoever gave the command is to the repository. */
  role(): Promise<Role>;
  /** Null on an issue. */
  pull(): Promise<PullPlace | null>;
  /** The one answer to the command; said again, it stays one. */
  say(markdown: string): Promise<void>;
}

export function commandPort(github: GitHub, signal: CommandSignal, key: string, ownLogin: OwnLogin): CommandPort {
  const { repository, pullRequest: number } = signal;
  const octokit = github.forRepository(repository);
  const where = splitRepository(repository);
  const asking = async <T>(what: string, ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      throw githubError(error, what, github.clock());
    }
  };
  return {
    react: async (content) => {
      const comment = { ...where, comment_id: signal.commentId, content };
      try {
        await asking('react to a comment', async () => {
          if (signal.commentKind === 'issue') await octokit.rest.reactions.createForIssueComment(comment);
          if (signal.commentKind === 'review') await octokit.rest.reactions.createForPullRequestReviewComment(comment);
        });
      } catch (error) {
        // The comment is gone, or reactions are locked: nobody is to be shown anything there.
        if (!(error instanceof PermanentError)) throw error;
      }
    },
    role: () =>
      asking(`say what ${signal.actor.login} may do in ${repository}`, async () => {
        try {
          const asked = { ...where, username: signal.actor.login };
          return roleOf((await octokit.rest.repos.getCollaboratorPermissionLevel(asked)).data);
        } catch (error) {
          if (isNotFound(error)) return 'none';
          throw error;
        }
      }),
    pull: () =>
      asking(`read pull request ${number} of ${repository}`, async () => {
        if (!signal.isPullRequest) return null;
        const { data } = await octokit.rest.pulls.get({ ...where, pull_number: number });
        return {
          number,
          isOpen: data.state === 'open',
          headRef: data.head.ref,
          headSha: data.head.sha,
          baseRef: data.base.ref,
          // A fork that was deleted leaves no repository behind, and was one.
          fromFork: data.head.repo?.full_name?.toLowerCase() !== repository.toLowerCase(),
        };
      }),
    say: (markdown) =>
      asking(`answer a comment of ${repository}#${number}`, async () => {
        const marker = `<!-- healer-answer:${key.replace(/[^A-Za-z0-9:._/-]/g, '')} -->`;
        const port = commentPort(github, repository, number, await ownLogin(repository));
        await upsertComment(port, marker, `${marker}\n${neverACommand(markdown)}\n`);
      }),
  };
}

/** What Healer says must not begin a line with a command: nobody is to obey it. */
export function neverACommand(markdown: string): string {
  return markdown.replaceAll(/^(\s*)\/healer/gm, '$1`/healer`');
}
