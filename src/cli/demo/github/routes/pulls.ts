import {
  type Answer,
  type Call,
  created,
  invalid,
  notFound,
  numberParam,
  ok,
  paginate,
  Refusal,
  type Route,
  route,
  textField,
} from '../http.ts';
import type { PullRequestInput } from '../options.ts';
import { pullFigures, pullFiles } from '../pull-figures.ts';
import { userShape } from '../shapes/basics.ts';
import { fileShape } from '../shapes/commit.ts';
import { commentShape, REACTIONS, reactionShape } from '../shapes/issues.ts';
import { pullShape, pullSimple } from '../shapes/pulls.ts';
import type { StoredComment, StoredPull } from '../state.ts';
import { timestamp } from '../world.ts';

const REPO = '/repos/{owner}/{repo}';

/** What these routes let happen besides answering. */
export interface PullActions {
  openPull(input: PullRequestInput): Promise<StoredPull>;
  addComment(issue: number, author: string, body: string): StoredComment;
}

export function pullRoutes(actions: PullActions): Route[] {
  return [
    route('GET', `${REPO}/pulls`, listPulls),
    route('POST', `${REPO}/pulls`, (call) => createPull(call, actions)),
    route('GET', `${REPO}/pulls/{number}`, async (call) => {
      const pull = thePull(call);
      return ok(pullShape(call.world, pull, await pullFigures(call.world, pull)));
    }),
    route('GET', `${REPO}/pulls/{number}/files`, async (call) => {
      const pull = thePull(call);
      const { items, headers } = paginate(call, await pullFiles(call.world, pull));
      return ok(
        items.map((file) => fileShape(call.world, file, pull.headSha)),
        headers,
      );
    }),
    route('GET', `${REPO}/issues/{number}/comments`, (call) => {
      const { number } = thePull(call);
      const comments = call.world.store.state.comments.filter((comment) => comment.issue === number);
      const { items, headers } = paginate(call, comments);
      return ok(
        items.map((comment) => commentShape(call.world, comment)),
        headers,
      );
    }),
    route('POST', `${REPO}/issues/{number}/comments`, (call) => {
      const { number } = thePull(call);
      const comment = actions.addComment(
        number,
        call.login ?? call.world.login,
        textField(call, 'IssueComment', 'body'),
      );
      return created(commentShape(call.world, comment));
    }),
    route('GET', `${REPO}/issues/comments/{comment_id}`, (call) => ok(commentShape(call.world, theComment(call)))),
    route('PATCH', `${REPO}/issues/comments/{comment_id}`, editComment),
    route('POST', `${REPO}/issues/comments/{comment_id}/reactions`, react),
    route('GET', `${REPO}/collaborators/{username}/permission`, permission),
  ];
}

function thePull(call: Call): StoredPull {
  const number = numberParam(call, 'number');
  const pull = call.world.store.state.pulls.find((candidate) => candidate.number === number);
  if (!pull) throw notFound();
  return pull;
}

function theComment(call: Call): StoredComment {
  const id = numberParam(call, 'comment_id');
  const comment = call.world.store.state.comments.find((candidate) => candidate.id === id);
  if (!comment) throw notFound();
  return comment;
}

function listPulls(call: Call): Answer {
  const { query, world } = call;
  const state = query.get('state') ?? 'open';
  const head = query.get('head');
  const base = query.get('base');
  const owner = (pull: StoredPull) => pull.headRepository?.split('/')[0] ?? world.owner;
  const wanted = world.store.state.pulls
    .filter((pull) => state === 'all' || pull.state === state)
    .filter((pull) => base === null || pull.baseRef === base)
    // GitHub ignores a head that does not say whose it is.
    .filter((pull) => head === null || !head.includes(':') || `${owner(pull)}:${pull.headRef}` === head);
  const { items, headers } = paginate(call, wanted.toReversed());
  return ok(
    items.map((pull) => pullSimple(world, pull)),
    headers,
  );
}

async function createPull(call: Call, actions: PullActions): Promise<Answer> {
  const { world, body } = call;
  const head = textField(call, 'PullRequest', 'head').replace(`${world.owner}:`, '');
  const base = textField(call, 'PullRequest', 'base');
  const title = textField(call, 'PullRequest', 'title');
  const [headSha, baseSha] = await Promise.all([world.git.resolve(head), world.git.resolve(base)]);
  if (headSha === null) throw invalid('PullRequest', 'head', 'invalid');
  if (baseSha === null) throw invalid('PullRequest', 'base', 'invalid');
  const same = world.store.state.pulls.some(
    (pull) => pull.state === 'open' && pull.headRef === head && pull.baseRef === base,
  );
  const refuse = (message: string) =>
    new Refusal(422, 'Validation Failed', { errors: [{ resource: 'PullRequest', code: 'custom', message }] });
  if (same) throw refuse(`A pull request already exists for ${world.owner}:${head}.`);
  if ((await world.git.between(baseSha, headSha)).length === 0) throw refuse(`No commits between ${base} and ${head}`);
  const pull = await actions.openPull({
    head,
    base,
    title,
    ...(typeof body['body'] === 'string' ? { body: body['body'] } : {}),
    draft: body['draft'] === true,
    author: call.login ?? world.login,
  });
  return created(pullShape(world, pull, await pullFigures(world, pull)));
}

function editComment(call: Call): Answer {
  const comment = theComment(call);
  comment.body = textField(call, 'IssueComment', 'body');
  comment.updatedAt = timestamp(call.world);
  call.world.store.save();
  return ok(commentShape(call.world, comment));
}

/** 201 for a new reaction, 200 when the same person gave the same one before. */
function react(call: Call): Answer {
  const { store, login } = call.world;
  const comment = theComment(call);
  const content = textField(call, 'Reaction', 'content');
  if (!REACTIONS.includes(content as (typeof REACTIONS)[number])) throw invalid('Reaction', 'content', 'invalid');
  const author = call.login ?? login;
  const before = store.state.reactions.find(
    (reaction) => reaction.commentId === comment.id && reaction.author === author && reaction.content === content,
  );
  if (before) return ok(reactionShape(call.world, before));
  const reaction = { id: store.nextId(), commentId: comment.id, author, content, createdAt: timestamp(call.world) };
  store.state.reactions.push(reaction);
  store.save();
  return created(reactionShape(call.world, reaction));
}

/** `permission` knows four levels, `role_name` also maintain and triage. */
function permission(call: Call): Answer {
  const { world } = call;
  const login = call.params['username'] ?? '';
  const role = world.store.state.permissions[login] ?? 'read';
  const level = { maintain: 'write', triage: 'read' }[role] ?? role;
  const has = (...roles: string[]) => roles.includes(role);
  const permissions = {
    admin: has('admin'),
    maintain: has('admin', 'maintain'),
    push: has('admin', 'maintain', 'write'),
    triage: has('admin', 'maintain', 'write', 'triage'),
    pull: role !== 'none',
  };
  return ok({ permission: level, role_name: role, user: { ...userShape(world, login), permissions, role_name: role } });
}
