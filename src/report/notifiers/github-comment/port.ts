import type { GitHub } from '../../../lib/github/client.ts';
import { splitRepository, statusOf } from '../../../lib/github/errors.ts';
import type { CommentPort } from './upsert.ts';

const PER_PAGE = 100;

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

export function commentPort(
  github: GitHub,
  repository: string,
  issue: number,
  ownLogin: string,
  signal?: AbortSignal,
): CommentPort {
  const octokit = github.forRepository(repository);
  const where = { ...splitRepository(repository), request: signal === undefined ? {} : { signal } };
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
