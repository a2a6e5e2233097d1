import type { ChangedFile, StoredCommit } from '../state.ts';
import { loginOf, type World } from '../world.ts';
import { type Body, nodeId, repoApi, repoPage, userShape } from './basics.ts';

/** A commit as lists and comparisons have it. */
export function commitShape(world: World, commit: StoredCommit): Body {
  const url = repoApi(world, `/commits/${commit.sha}`);
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', commit.sha),
    commit: {
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      tree: { sha: commit.tree, url: repoApi(world, `/git/trees/${commit.tree}`) },
      url: repoApi(world, `/git/commits/${commit.sha}`),
      comment_count: 0,
      verification: { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null },
    },
    url,
    html_url: repoPage(world, `/commit/${commit.sha}`),
    comments_url: `${url}/comments`,
    author: userShape(world, loginOf(commit.author)),
    committer: userShape(world, loginOf(commit.committer)),
    parents: commit.parents.map((sha) => ({
      sha,
      url: repoApi(world, `/commits/${sha}`),
      html_url: repoPage(world, `/commit/${sha}`),
    })),
  };
}

/** A commit with what it changed, as `GET /commits/{ref}` answers. */
export function commitWithFiles(world: World, commit: StoredCommit, files: readonly ChangedFile[]): Body {
  const additions = files.reduce((sum, file) => sum + file.additions, 0);
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
  return {
    ...commitShape(world, commit),
    stats: { additions, deletions, total: additions + deletions },
    files: files.map((file) => fileShape(world, file, commit.sha)),
  };
}

export function fileShape(world: World, file: ChangedFile, sha: string): Body {
  const path = file.filename.split('/').map(encodeURIComponent).join('/');
  return {
    sha: file.sha,
    filename: file.filename,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: repoPage(world, `/blob/${sha}/${path}`),
    raw_url: repoPage(world, `/raw/${sha}/${path}`),
    contents_url: repoApi(world, `/contents/${path}?ref=${sha}`),
    ...(file.patch === null ? {} : { patch: file.patch }),
    ...(file.previousFilename === null ? {} : { previous_filename: file.previousFilename }),
  };
}

/** The short form that runs, suites and pushes carry. */
export function headCommit(commit: StoredCommit): Body {
  return {
    id: commit.sha,
    tree_id: commit.tree,
    message: commit.message,
    timestamp: commit.committer.date,
    author: { name: commit.author.name, email: commit.author.email },
    committer: { name: commit.committer.name, email: commit.committer.email },
  };
}
