import type { ApiAnswer } from './api.ts';
import { ToolError } from './tool.ts';

/** What to do about a refusal, by status: the detail of the API says what happened, this what comes next. */
const ADVICE: Readonly<Record<number, string>> = {
  401: 'Acting tools need a token that may write (HEALER_API_TOKEN); reading tools take HEALER_READ_TOKEN as well. Ask the person who configured this server.',
  403: 'This is not allowed here, and trying again does not change it. Tell the person.',
  404: 'Look it up with list_remediations; ids look like ci-12345678 or 01JD….',
  429: 'A limit is reached; wait before you try again, and tell the person if it is urgent.',
  503: 'Nothing was changed. Try the same again in a little while.',
};

interface Problem {
  readonly detail?: unknown;
  readonly errors?: readonly { readonly path?: unknown; readonly message?: unknown }[];
}

/** The body of a good answer. Throws ToolError, in sentences, for any other. */
export function bodyOf(answer: ApiAnswer): Readonly<Record<string, unknown>> {
  const { status, body } = answer;
  if (status >= 200 && status < 300 && typeof body === 'object' && body !== null) {
    return body as Readonly<Record<string, unknown>>;
  }
  throw new ToolError(describeRefusal(answer));
}

function describeRefusal({ status, body, retryAfter }: ApiAnswer): string {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Problem;
  const detail =
    typeof problem.detail === 'string' ? problem.detail : `Healer answered with status ${status} and without words.`;
  const faults = (Array.isArray(problem.errors) ? problem.errors : []).map(
    ({ path, message }) => `- ${String(path)}: ${String(message)}`,
  );
  return [
    detail,
    ...(faults.length > 1 ? ['All that has to change:', ...faults] : []),
    ...(retryAfter === null ? [] : [`Try again in ${retryAfter} seconds.`]),
    ...(ADVICE[status] === undefined ? [] : [ADVICE[status]]),
  ].join('\n');
}
