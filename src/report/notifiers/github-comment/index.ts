import { sha256 } from '../../../lib/digest.ts';
import type { GitHub } from '../../../lib/github/client.ts';
import { tellingError } from '../github-errors.ts';
import type { Notifier, Told } from '../notifier.ts';
import { commentPort, type OwnLogin } from './port.ts';
import { type CommentPort, upsertComment } from './upsert.ts';

export { commentPort, type OwnLogin, rememberLogin } from './port.ts';
export {
  type CommandHint,
  type CommentView,
  MAX_COMMENT,
  marker,
  renderComment,
  renderParts,
  terminalCommands,
} from './render.ts';
export { type CommentPort, type KnownComment, type Upserted, upsertComment } from './upsert.ts';

/** One comment as it is to stand on a pull request. */
export interface StickyComment {
  readonly repository: string;
  readonly pullRequest: number;
  /** The hidden first line by which the comment is found again. */
  readonly marker: string;
  /** Begins with the marker. */
  readonly body: string;
  /** Nothing is begun; what stands there already is still brought up to date. */
  readonly onlyIfThere: boolean;
}

/** The one comment on a pull request, found by its marker: also when the process that wrote it could not remember. */
export function githubCommentNotifier(github: GitHub, ownLogin: OwnLogin): Notifier<StickyComment> {
  return {
    name: 'github-comment',
    edits: true,
    async tell({ repository, pullRequest, marker, body, onlyIfThere }, _before, signal): Promise<Told> {
      try {
        const port = commentPort(github, repository, pullRequest, await ownLogin(repository), signal);
        const quiet: CommentPort = onlyIfThere ? { ...port, create: async () => ({ id: 0 }) } : port;
        const { id, action } = await upsertComment(quiet, marker, body);
        const reference = { comment: id, digest: sha256(body) };
        return { reference, action: action === 'created' ? (id === 0 ? 'unchanged' : 'sent') : wordFor(action) };
      } catch (error) {
        throw tellingError(error, `write a comment on ${repository}#${pullRequest}`, github.clock());
      }
    },
  };
}

function wordFor(action: 'updated' | 'unchanged'): Told['action'] {
  return action === 'updated' ? 'edited' : 'unchanged';
}
