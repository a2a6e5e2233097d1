import {
  type Answer,
  type Call,
  created,
  invalid,
  notFound,
  numberParam,
  ok,
  paginate,
  type Route,
  route,
  textField,
} from '../http.ts';
import { suiteOf } from '../runs.ts';
import { checkRunShape, jobAsCheckRun, type Suite, suiteShape } from '../shapes/actions.ts';
import { type Body, numberOf, repoPage } from '../shapes/basics.ts';
import type { Conclusion, Status, StoredAction, StoredAnnotation, StoredCheckRun, StoredRun } from '../state.ts';
import { timestamp, type World } from '../world.ts';
import { theCommit } from './commits.ts';

const REPO = '/repos/{owner}/{repo}';
const CONCLUSIONS = ['success', 'failure', 'neutral', 'cancelled', 'skipped', 'timed_out', 'action_required'];

export function checkRoutes(): Route[] {
  return [
    route('GET', `${REPO}/commits/{ref+}/check-runs`, checkRunsOfCommit),
    route('GET', `${REPO}/commits/{ref+}/check-suites`, checkSuitesOfCommit),
    route('GET', `${REPO}/check-suites/{suite_id}`, checkSuite),
    route('GET', `${REPO}/check-suites/{suite_id}/check-runs`, (call) => {
      const suite = numberParam(call, 'suite_id');
      return checkRunList(
        call,
        allCheckRuns(call.world).filter((check) => check.suiteId === suite),
      );
    }),
    route('GET', `${REPO}/check-runs/{check_run_id}`, (call) => ok(theCheckRun(call).shape())),
    route('GET', `${REPO}/check-runs/{check_run_id}/annotations`, annotations),
    route('POST', `${REPO}/check-runs`, createCheckRun),
    route('PATCH', `${REPO}/check-runs/{check_run_id}`, updateCheckRun),
  ];
}

/** A job or a check run made through the API, seen as what both are. */
interface AnyCheckRun {
  readonly id: number;
  readonly name: string;
  readonly headSha: string;
  readonly suiteId: number;
  readonly status: Status;
  readonly attempt: number;
  readonly appId: number;
  readonly annotations: readonly StoredAnnotation[];
  readonly shape: () => Body;
}

function allCheckRuns(world: World): AnyCheckRun[] {
  const { jobs, runs, checkRuns } = world.store.state;
  const byId = new Map<number, StoredRun>(runs.map((run) => [run.id, run]));
  const ofJobs = jobs.flatMap((job): AnyCheckRun[] => {
    const run = byId.get(job.runId);
    if (!run) return [];
    const { suiteId, headSha } = run;
    const { id, name, status, annotations, runAttempt: attempt } = job;
    return [
      {
        id,
        name,
        status,
        annotations,
        attempt,
        headSha,
        suiteId,
        appId: 15368,
        shape: () => jobAsCheckRun(world, run, job),
      },
    ];
  });
  const made = checkRuns.map((check): AnyCheckRun => {
    return { ...check, attempt: 1, appId: numberOf(world.login), shape: () => checkRunShape(world, check) };
  });
  return [...ofJobs, ...made];
}

async function checkRunsOfCommit(call: Call): Promise<Answer> {
  const { sha } = await theCommit(call, call.params['ref'] ?? '');
  return checkRunList(
    call,
    allCheckRuns(call.world).filter((check) => check.headSha === sha),
  );
}

function checkRunList(call: Call, all: readonly AnyCheckRun[]): Answer {
  const { query } = call;
  const asked = (name: string, value: string | number) => [null, String(value)].includes(query.get(name));
  const wanted = all
    .filter((check) => asked('check_name', check.name) && asked('status', check.status) && asked('app_id', check.appId))
    .toSorted((a, b) => b.id - a.id);
  // The newest of each name in each suite, unless all of them are asked for.
  const latest = [...new Map(wanted.toReversed().map((check) => [`${check.suiteId}/${check.name}`, check])).values()];
  const { items, total, headers } = paginate(call, query.get('filter') === 'all' ? wanted : latest.toReversed());
  return ok({ total_count: total, check_runs: items.map((check) => check.shape()) }, headers);
}

async function checkSuitesOfCommit(call: Call): Promise<Answer> {
  const commit = await theCommit(call, call.params['ref'] ?? '');
  const { items, total, headers } = paginate(call, suitesOf(call.world, commit.sha));
  return ok({ total_count: total, check_suites: items.map((suite) => suiteShape(call.world, suite, commit)) }, headers);
}

async function checkSuite(call: Call): Promise<Answer> {
  const id = numberParam(call, 'suite_id');
  const sha = allCheckRuns(call.world).find((check) => check.suiteId === id)?.headSha;
  const suite = sha === undefined ? null : suitesOf(call.world, sha).find((candidate) => candidate.id === id);
  if (sha === undefined || !suite) throw notFound();
  return ok(suiteShape(call.world, suite, await theCommit(call, sha)));
}

function suitesOf(world: World, sha: string): Suite[] {
  const { runs, checkRuns } = world.store.state;
  const ofRuns = runs.filter((run) => run.headSha === sha).map((run) => suiteOf(world, run));
  const own = checkRuns.filter((check) => check.headSha === sha);
  const first = own[0];
  if (!first) return ofRuns;
  const done = own.every((check) => check.status === 'completed');
  const red = own.some((check) => check.conclusion === 'failure');
  const suite: Suite = {
    id: first.suiteId,
    app: 'healer',
    headBranch: ofRuns[0]?.headBranch ?? null,
    headSha: sha,
    before: ofRuns[0]?.before ?? null,
    status: done ? 'completed' : 'in_progress',
    conclusion: done ? (red ? 'failure' : 'success') : null,
    createdAt: first.createdAt,
    updatedAt: own.at(-1)?.createdAt ?? first.createdAt,
    checkRuns: own.length,
  };
  return [...ofRuns, suite];
}

function theCheckRun(call: Call): AnyCheckRun {
  const id = numberParam(call, 'check_run_id');
  const check = allCheckRuns(call.world).find((candidate) => candidate.id === id);
  if (!check) throw notFound();
  return check;
}

function annotations(call: Call): Answer {
  const check = theCheckRun(call);
  const { items, headers } = paginate(call, check.annotations);
  const shapes = items.map((annotation) => ({
    path: annotation.path,
    blob_href: repoPage(call.world, `/blob/${check.headSha}/${annotation.path}`),
    start_line: annotation.startLine,
    start_column: null,
    end_line: annotation.endLine,
    end_column: null,
    annotation_level: annotation.level,
    title: annotation.title,
    message: annotation.message,
    raw_details: null,
  }));
  return ok(shapes, headers);
}

async function createCheckRun(call: Call): Promise<Answer> {
  const { world, body } = call;
  const name = textField(call, 'CheckRun', 'name');
  const { sha } = await theCommit(call, textField(call, 'CheckRun', 'head_sha'));
  const { store } = world;
  const sibling = store.state.checkRuns.find((check) => check.headSha === sha);
  const now = timestamp(world);
  const check: StoredCheckRun = {
    id: store.nextId(),
    suiteId: sibling?.suiteId ?? store.nextId(),
    headSha: sha,
    name,
    externalId: '',
    detailsUrl: `${world.baseUrl}/apps/${world.login.replace(/\[bot\]$/, '')}`,
    status: 'queued',
    conclusion: null,
    startedAt: now,
    completedAt: null,
    title: null,
    summary: null,
    text: null,
    annotations: [],
    createdAt: now,
  };
  change(world, check, body);
  store.state.checkRuns.push(check);
  store.save();
  return created(checkRunShape(world, check));
}

function updateCheckRun(call: Call): Answer {
  const id = numberParam(call, 'check_run_id');
  const check = call.world.store.state.checkRuns.find((candidate) => candidate.id === id);
  if (!check) throw notFound();
  change(call.world, check, call.body);
  call.world.store.save();
  return ok(checkRunShape(call.world, check));
}

/** Applies the fields that were sent; a conclusion completes the check, as on GitHub. */
function change(world: World, check: StoredCheckRun, body: Readonly<Record<string, unknown>>): void {
  const text = (field: string) => (typeof body[field] === 'string' ? body[field] : undefined);
  const status = text('status');
  const conclusion = text('conclusion');
  if (status !== undefined && !['queued', 'in_progress', 'completed'].includes(status))
    throw invalid('CheckRun', 'status', 'invalid');
  if (conclusion !== undefined && !CONCLUSIONS.includes(conclusion)) throw invalid('CheckRun', 'conclusion', 'invalid');
  if (status === 'completed' && conclusion === undefined) throw invalid('CheckRun', 'conclusion', 'missing_field');
  check.name = text('name') ?? check.name;
  check.externalId = text('external_id') ?? check.externalId;
  check.detailsUrl = text('details_url') ?? check.detailsUrl;
  check.startedAt = text('started_at') ?? check.startedAt;
  check.status = conclusion === undefined ? ((status as Status | undefined) ?? check.status) : 'completed';
  if (conclusion !== undefined) {
    check.conclusion = conclusion as Conclusion;
    check.completedAt = text('completed_at') ?? timestamp(world);
  }
  if (body['actions'] !== undefined) check.actions = actionsOf(body['actions']);
  const output = body['output'] as Record<string, unknown> | undefined;
  if (output === undefined) return;
  const part = (field: string) => (typeof output[field] === 'string' ? output[field] : null);
  if (part('summary') === null) throw invalid('CheckRun', 'summary', 'missing_field');
  Object.assign(check, {
    title: part('title') ?? check.title,
    summary: part('summary'),
    text: part('text') ?? check.text,
  });
  // They add up, request by request.
  check.annotations.push(...annotationsIn(output['annotations']));
}

const ANNOTATIONS = 50;

function annotationsIn(given: unknown): readonly StoredAnnotation[] {
  if (given === undefined) return [];
  if (!Array.isArray(given) || given.length > ANNOTATIONS) throw invalid('CheckRun', 'annotations', 'invalid');
  return given.map((one: Readonly<Record<string, unknown>>) => {
    const { path, start_line, end_line, annotation_level, message, title } = one;
    const isWhole = typeof path === 'string' && typeof message === 'string' && message !== '';
    if (!isWhole || !Number.isInteger(start_line) || !Number.isInteger(end_line))
      throw invalid('CheckRun', 'annotations', 'invalid');
    return {
      path,
      startLine: Number(start_line),
      endLine: Number(end_line),
      level: annotation_level as StoredAnnotation['level'],
      title: typeof title === 'string' ? title : null,
      message,
    };
  });
}

/** GitHub's limits of a button: label 20, description 40, identifier 20 characters, at most three of them. */
function actionsOf(given: unknown): readonly StoredAction[] {
  if (!Array.isArray(given) || given.length > 3) throw invalid('CheckRun', 'actions', 'invalid');
  return given.map(({ label, description, identifier }: Readonly<Record<string, unknown>>) => {
    const fits = (text: unknown, max: number): text is string =>
      typeof text === 'string' && text.length > 0 && text.length <= max;
    if (!fits(label, 20) || !fits(description, 40) || !fits(identifier, 20))
      throw invalid('CheckRun', 'actions', 'invalid');
    return { label, description, identifier };
  });
}
