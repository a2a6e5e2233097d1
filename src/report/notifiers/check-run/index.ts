import { sha256 } from '../../../lib/digest.ts';
import { PermanentError } from '../../../lib/errors.ts';
import type { GitHub, GitHubRepository } from '../../../lib/github/client.ts';
import { splitRepository, statusOf } from '../../../lib/github/errors.ts';
import { allPages } from '../../../lib/github/pages.ts';
import { tellingError } from '../github-errors.ts';
import type { Notifier, Told } from '../notifier.ts';
import type { Annotation } from './locations.ts';
import { CHECK_LIMITS, CHECK_NAME, type CheckRunMessage } from './render.ts';

export { BUTTONS, CHECK_LIMITS, CHECK_NAME, type CheckRunMessage, currentCommit, renderCheckRun } from './render.ts';

/**
 * The check “Healer” on a commit. It is found by Healer's App and the task id, so that a process that crashed writes no
 * second one. Throws PermanentError without a GitHub App: nobody else may write checks.
 */
export function checkRunNotifier(github: GitHub): Notifier<CheckRunMessage> {
  return {
    name: 'check-run',
    edits: true,
    async tell(message, _before, signal): Promise<Told> {
      const { repository, headSha } = message;
      try {
        const app = await github.app();
        if (app === null) throw new PermanentError('Checks can be written by a GitHub App only.');
        const place = { octokit: github.forRepository(repository), appId: app.id, signal, message };
        const told = await upsert(place);
        for (const sha of message.earlier) await settle(place, sha);
        return told;
      } catch (error) {
        throw tellingError(error, `write the check of ${repository}@${headSha.slice(0, 8)}`, github.clock());
      }
    },
  };
}

interface Place {
  readonly octokit: GitHubRepository;
  readonly appId: number;
  readonly signal: AbortSignal;
  readonly message: CheckRunMessage;
}

async function upsert(place: Place): Promise<Told> {
  const { octokit, message } = place;
  const { headSha, annotations } = message;
  const known = await findOwn(place, headSha);
  const placed = known?.output.annotations_count ?? 0;
  // Annotations add up with every request. A number that is no full batch is all there was to say.
  const missing = placed % CHECK_LIMITS.annotationsPerRequest === 0 ? annotations.slice(placed) : [];
  if (known !== undefined && missing.length === 0 && isSame(known, message)) {
    return { reference: { check: Number(known.id), digest: digestOf(message) }, action: 'unchanged' };
  }
  const [first = [], ...rest] = batches(missing);
  const where = { ...splitRepository(message.repository), request: { signal: place.signal } };
  const id =
    known === undefined
      ? Number((await octokit.rest.checks.create({ ...where, head_sha: headSha, ...bodyOf(message, first) })).data.id)
      : Number(known.id);
  if (known !== undefined) await octokit.rest.checks.update({ ...where, check_run_id: id, ...bodyOf(message, first) });
  for (const batch of rest) await octokit.rest.checks.update({ ...where, check_run_id: id, ...bodyOf(message, batch) });
  return { reference: { check: id, digest: digestOf(message) }, action: known === undefined ? 'sent' : 'edited' };
}

/** A check of an earlier commit would say for ever that Healer is at work there, and offer its buttons. */
async function settle(place: Place, sha: string): Promise<void> {
  const { octokit, message, signal } = place;
  const known = await findOwn(place, sha).catch((error: unknown) => {
    // The commit was thrown away by a force push.
    if (statusOf(error) === 404 || statusOf(error) === 422) return undefined;
    throw error;
  });
  const title = 'Goes on with a newer commit';
  if (known === undefined || known.output.title === title) return;
  await octokit.rest.checks.update({
    ...splitRepository(message.repository),
    check_run_id: Number(known.id),
    status: 'completed',
    conclusion: 'neutral',
    output: { title, summary: `${title}: ${message.headSha}` },
    actions: [],
    request: { signal },
  });
}

async function findOwn({ octokit, appId, signal, message }: Place, sha: string) {
  const where = { ...splitRepository(message.repository), ref: sha, request: { signal } };
  const wanted = { check_name: CHECK_NAME, app_id: appId, filter: 'all', per_page: 100 } as const;
  const runs = await allPages(
    (page) => octokit.rest.checks.listForRef({ ...where, ...wanted, page }),
    (data) => data.check_runs,
  );
  return runs
    .filter(
      ({ external_id, app, name }) => external_id === message.externalId && app?.id === appId && name === CHECK_NAME,
    )
    .toSorted((a, b) => Number(b.id) - Number(a.id))[0];
}

type Known = NonNullable<Awaited<ReturnType<typeof findOwn>>>;

function isSame(known: Known, message: CheckRunMessage): boolean {
  const { output } = known;
  return (
    known.status === message.status &&
    known.conclusion === message.conclusion &&
    plain(output.title) === plain(message.title) &&
    plain(output.summary) === plain(message.summary) &&
    plain(output.text) === plain(message.text)
  );
}

function plain(text: string | null): string {
  return (text ?? '').replaceAll('\r\n', '\n').trim();
}

function bodyOf(message: CheckRunMessage, annotations: readonly Annotation[]) {
  const { status, conclusion, externalId, detailsUrl, title, summary, text, actions } = message;
  return {
    name: CHECK_NAME,
    external_id: externalId,
    ...(detailsUrl === null ? {} : { details_url: detailsUrl }),
    status,
    ...(conclusion === null ? {} : { conclusion }),
    output: {
      title,
      summary,
      text,
      ...(annotations.length === 0 ? {} : { annotations: annotations.map(asGitHub) }),
    },
    actions: actions.map((action) => ({ ...action })),
  };
}

function asGitHub({ path, line, message }: Annotation) {
  return { path, start_line: line, end_line: line, annotation_level: 'failure' as const, title: CHECK_NAME, message };
}

function batches(annotations: readonly Annotation[]): readonly (readonly Annotation[])[] {
  const size = CHECK_LIMITS.annotationsPerRequest;
  const count = Math.ceil(annotations.length / size);
  return Array.from({ length: count }, (_, index) => annotations.slice(index * size, (index + 1) * size));
}

function digestOf(message: CheckRunMessage): string {
  return sha256(JSON.stringify(message));
}
