import { type Answer, type Call, notFound, ok, paginate, Refusal, type Route, route } from '../http.ts';
import { nodeId, numberOf, repoApi, repoPage, userShape } from '../shapes/basics.ts';
import { commitShape, commitWithFiles, fileShape } from '../shapes/commit.ts';
import { pullSimple } from '../shapes/pulls.ts';
import { minimalRepository } from '../shapes/repository.ts';
import type { StoredCommit } from '../state.ts';
import { commitOf, resolveRef, type World } from '../world.ts';

const REPO = '/repos/{owner}/{repo}';

export function commitRoutes(): Route[] {
  return [
    route('GET', `${REPO}/commits/{ref+}/status`, combinedStatus),
    route('GET', `${REPO}/commits/{ref+}/pulls`, pullsOfCommit),
    route('GET', `${REPO}/compare/{basehead+}`, compare),
    route('GET', `${REPO}/branches/{branch+}`, branch),
    route('GET', `${REPO}/git/ref/{ref+}`, gitRef),
    route('GET', `${REPO}/contents/{path+}`, contents),
  ];
}

/** Stands apart: its pattern would swallow the addresses below a commit. */
export function oneCommitRoute(): Route {
  return route('GET', `${REPO}/commits/{ref+}`, async (call) => {
    const commit = await theCommit(call, call.params['ref'] ?? '');
    const files = call.world.store.state.commits[commit.sha]
      ? []
      : await call.world.git.changedFiles(commit.parents[0] ?? null, commit.sha);
    return ok(commitWithFiles(call.world, commit, files));
  });
}

/** 404 for an unknown name, 422 for a SHA that no commit has, as GitHub distinguishes them. */
export async function theCommit(call: Call, ref: string): Promise<StoredCommit> {
  const sha = await resolveRef(call.world, ref);
  const commit = sha === null ? null : await commitOf(call.world, sha);
  if (commit) return commit;
  if (/^[0-9a-f]{40}$/.test(ref)) throw new Refusal(422, `No commit found for SHA: ${ref}`);
  throw notFound();
}

async function combinedStatus(call: Call): Promise<Answer> {
  const { world } = call;
  const { sha } = await theCommit(call, call.params['ref'] ?? '');
  const all = world.store.state.statuses.filter((status) => status.sha === sha);
  const latest = [...new Map(all.map((status) => [status.context, status])).values()];
  const states = latest.map((status) => status.state);
  const red = states.includes('failure') || states.includes('error');
  const state = red ? 'failure' : states.includes('pending') || states.length === 0 ? 'pending' : 'success';
  const { items, headers } = paginate(call, latest);
  const body = {
    state,
    statuses: items.map((status) => ({
      url: repoApi(world, `/statuses/${sha}`),
      avatar_url: userShape(world, world.owner)['avatar_url'],
      id: status.id,
      node_id: nodeId('StatusContext', status.id),
      state: status.state,
      description: status.description,
      target_url: status.targetUrl,
      context: status.context,
      created_at: status.createdAt,
      updated_at: status.createdAt,
    })),
    sha,
    total_count: latest.length,
    repository: minimalRepository(world),
    commit_url: repoApi(world, `/commits/${sha}`),
    url: repoApi(world, `/commits/${sha}/status`),
  };
  return ok(body, headers);
}

async function pullsOfCommit(call: Call): Promise<Answer> {
  const { world } = call;
  const { sha } = await theCommit(call, call.params['ref'] ?? '');
  const pulls = [];
  for (const pull of world.store.state.pulls) {
    const own =
      pull.headSha === sha ||
      (await world.git.between(pull.baseSha, pull.headSha).catch(() => [])).some((commit) => commit.sha === sha);
    if (own) pulls.push(pull);
  }
  const { items, headers } = paginate(call, pulls);
  return ok(
    items.map((pull) => pullSimple(world, pull)),
    headers,
  );
}

async function compare(call: Call): Promise<Answer> {
  const { world } = call;
  const [from = '', to = ''] = (call.params['basehead'] ?? '').split('...');
  if (from === '' || to === '') throw notFound();
  const strip = (ref: string) => ref.replace(`${world.owner}:`, '');
  const base = await theCommit(call, strip(from));
  const head = await theCommit(call, strip(to));
  const start = await world.git.mergeBase(base.sha, head.sha);
  const startCommit = start === null ? null : await commitOf(world, start);
  if (startCommit === null) throw new Refusal(404, `No common ancestor between ${from} and ${to}.`);
  const ahead = await world.git.between(base.sha, head.sha);
  const behind = await world.git.between(head.sha, base.sha);
  const files = await world.git.changedFiles(startCommit.sha, head.sha);
  const { items, headers } = paginate(call, ahead);
  const status =
    ahead.length > 0 ? (behind.length > 0 ? 'diverged' : 'ahead') : behind.length > 0 ? 'behind' : 'identical';
  const page = repoPage(world, `/compare/${encodeURIComponent(from)}...${encodeURIComponent(to)}`);
  const body = {
    url: repoApi(world, `/compare/${encodeURIComponent(from)}...${encodeURIComponent(to)}`),
    html_url: page,
    permalink_url: repoPage(world, `/compare/${base.sha}...${head.sha}`),
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    base_commit: commitShape(world, base),
    merge_base_commit: commitShape(world, startCommit),
    status,
    ahead_by: ahead.length,
    behind_by: behind.length,
    total_commits: ahead.length,
    commits: items.map((commit) => commitShape(world, commit)),
    files: files.map((file) => fileShape(world, file, head.sha)),
  };
  return ok(body, headers);
}

async function branch(call: Call): Promise<Answer> {
  const { world } = call;
  const name = call.params['branch'] ?? '';
  const sha = await headOfBranch(world, name);
  const commit = sha === null ? null : await commitOf(world, sha);
  if (!commit) throw new Refusal(404, 'Branch not found');
  const url = repoApi(world, `/branches/${encodeURIComponent(name)}`);
  return ok({
    name,
    commit: commitShape(world, commit),
    _links: { self: url, html: repoPage(world, `/tree/${encodeURIComponent(name)}`) },
    protected: false,
    protection: { enabled: false, required_status_checks: { enforcement_level: 'off', contexts: [], checks: [] } },
    protection_url: `${url}/protection`,
  });
}

/** The branch's commit in git, or the one that a test made up for it. */
async function headOfBranch(world: World, name: string): Promise<string | null> {
  const branches = await world.git.branches();
  if (branches[`refs/heads/${name}`]) return branches[`refs/heads/${name}`] ?? null;
  return /^[0-9a-f]{7,40}$/.test(name) ? null : resolveRef(world, name);
}

async function gitRef(call: Call): Promise<Answer> {
  const ref = call.params['ref'] ?? '';
  const sha = ref.startsWith('heads/') ? await headOfBranch(call.world, ref.slice('heads/'.length)) : null;
  if (sha === null) throw notFound();
  return ok({
    ref: `refs/${ref}`,
    node_id: nodeId('Ref', numberOf(ref)),
    url: repoApi(call.world, `/git/refs/${ref}`),
    object: { sha, type: 'commit', url: repoApi(call.world, `/git/commits/${sha}`) },
  });
}

async function contents(call: Call): Promise<Answer> {
  const { world } = call;
  const path = (call.params['path'] ?? '').replace(/\/+$/, '');
  const ref = call.query.get('ref') ?? world.defaultBranch;
  const sha = await world.git.resolve(ref);
  if (sha === null) throw new Refusal(404, `No commit found for the ref ${ref}`);
  const entries = await world.git.entries(sha, path);
  if (entries === null || entries.length === 0) throw notFound();
  const shapes = entries.map((entry) => {
    const encoded = entry.path.split('/').map(encodeURIComponent).join('/');
    const self = repoApi(world, `/contents/${encoded}?ref=${encodeURIComponent(ref)}`);
    const kind = entry.type === 'tree' ? 'dir' : 'file';
    const git = repoApi(world, `/git/${entry.type === 'tree' ? 'trees' : 'blobs'}/${entry.sha}`);
    const html = repoPage(world, `/${entry.type}/${encodeURIComponent(ref)}/${encoded}`);
    return {
      type: kind,
      name: entry.path.split('/').at(-1) ?? '',
      path: entry.path,
      sha: entry.sha,
      size: entry.size,
      url: self,
      html_url: html,
      git_url: git,
      download_url: kind === 'file' ? repoPage(world, `/raw/${encodeURIComponent(ref)}/${encoded}`) : null,
      _links: { self, git, html },
    };
  });
  const [only] = entries;
  if (entries.length > 1 || !only || only.path !== path || only.type === 'tree') return ok(shapes);
  const text = (await world.git.blob(only.sha)).toString('base64');
  // GitHub breaks the text after every 60 characters and ends it with a newline.
  return ok({ ...shapes[0], encoding: 'base64', content: text.replaceAll(/.{1,60}/g, '$&\n') });
}
