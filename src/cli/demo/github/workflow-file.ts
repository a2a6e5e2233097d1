import { parse } from 'yaml';

/** The part of a workflow file that the stand-in understands: jobs with `needs` and steps of `run` or `uses`. */
export interface Workflow {
  readonly name: string;
  readonly path: string;
  readonly jobs: readonly WorkflowJob[];
}

export interface WorkflowJob {
  readonly key: string;
  readonly name: string;
  readonly needs: readonly string[];
  readonly steps: readonly WorkflowStep[];
}

export interface WorkflowStep {
  readonly name: string;
  /** Shell text; null for a step that uses an action. */
  readonly run: string | null;
  readonly uses: string | null;
  readonly with: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string | null;
}

type Json = Record<string, unknown>;

/**
 * Reads a workflow file.
 * @returns null when `on` does not name `push` with this branch
 * @throws Error when it is not YAML or has no jobs
 */
export function readWorkflow(path: string, text: string, branch: string): Workflow | null {
  const document = parse(text) as Json | null;
  const jobs = document?.['jobs'];
  if (document === null || typeof jobs !== 'object' || jobs === null) throw new Error(`${path}: no jobs`);
  if (!runsOnPush(document['on'], branch)) return null;
  return {
    name: textOf(document['name']) ?? path,
    path,
    jobs: Object.entries(jobs as Record<string, Json>).map(([key, job]) => ({
      key,
      name: textOf(job['name']) ?? key,
      needs: [job['needs'] ?? []].flat().map(String),
      steps: ((job['steps'] as Json[] | undefined) ?? []).map(readStep),
    })),
  };
}

function readStep(step: Json): WorkflowStep {
  const run = textOf(step['run']);
  const uses = textOf(step['uses']);
  return {
    name: textOf(step['name']) ?? `Run ${uses ?? run?.split('\n')[0] ?? ''}`,
    run,
    uses,
    with: strings(step['with']),
    env: strings(step['env']),
    workingDirectory: textOf(step['working-directory']),
  };
}

function runsOnPush(on: unknown, branch: string): boolean {
  if (on === 'push') return true;
  if (Array.isArray(on)) return on.includes('push');
  if (typeof on !== 'object' || on === null || !('push' in on)) return false;
  const branches = (on.push as Json | null)?.['branches'];
  return !Array.isArray(branches) || branches.some((pattern) => matches(String(pattern), branch));
}

/** Branch filters know `*` (within one part of the name) and `**` (across parts). */
function matches(pattern: string, branch: string): boolean {
  const source = pattern
    .split(/(\*\*|\*)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`).test(branch);
}

function strings(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, String(entry)]));
}

/** `run: true` means the command, not the truth value. */
function textOf(value: unknown): string | null {
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : null;
}
