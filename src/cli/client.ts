import { SettingsError } from '../app/load-settings.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { createHttpClient, type HttpAnswer } from '../lib/http.ts';
import type { Problem } from '../lib/problem.ts';
import { cleanLine } from '../safety/clean.ts';
import type { CliContext } from './context.ts';
import { withSpinner } from './output.ts';

/** A running service, asked over HTTP. Answers are JSON as the API gives it. */
export interface ServiceClient {
  /** Where it is, without a slash at the end. */
  readonly url: string;
  get<T>(path: string, query?: Readonly<Record<string, string | undefined>>): Promise<T>;
  post<T>(path: string, body: object): Promise<T>;
}

/** The service says that the request is not one it understands: the command was used wrongly. */
export class WrongUseError extends UserError {}

export interface ClientOptions {
  /** `--url`; otherwise HEALER_URL, otherwise this machine. */
  readonly url?: string | undefined;
}

const TIMEOUT_MS = 30_000;
/** A remediation's answer holds prompt and excerpt. */
const MAX_BYTES = 16 * 1024 * 1024;

export function createClient(context: Pick<CliContext, 'env' | 'stderr'>, options: ClientOptions = {}): ServiceClient {
  const { env } = context;
  const url = baseUrl(options.url ?? env['HEALER_URL'] ?? `http://127.0.0.1:${env['PORT'] ?? '8080'}`);
  const token = firstToken(env);
  const http = createHttpClient({ userAgent: 'healer-cli', timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });

  const ask = async <T>(path: string, request: { method?: 'POST'; body?: string }): Promise<T> => {
    const headers = {
      accept: 'application/json',
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const work = http(url + path, { ...request, headers, ...(token === undefined ? {} : { token }) });
    const answer = await withSpinner(context, `asking ${url}`, work).catch((error: unknown) => {
      throw new UserError(
        `No answer from ${url}: ${messageOf(error)}. Is the service running there? Start it with “healer server”, or name another with --url or HEALER_URL.`,
        { cause: error },
      );
    });
    return read<T>(answer, url, token !== undefined);
  };

  return {
    url,
    get: (path, query = {}) => {
      const search = new URLSearchParams(
        Object.entries(query).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, value] as [string, string]],
        ),
      );
      return ask(search.size === 0 ? path : `${path}?${search}`, {});
    },
    post: (path, body) => ask(path, { method: 'POST', body: JSON.stringify(body) }),
  };
}

function baseUrl(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    throw new WrongUseError(`${text} is not the address of a service; write it like http://127.0.0.1:8080.`);
  }
  return text.replace(/\/+$/, '');
}

/** The token to ask with: one that may act, when there is one. */
export function firstToken(env: CliContext['env']): string | undefined {
  return firstOf(env['HEALER_API_TOKEN']) ?? firstOf(env['HEALER_READ_TOKEN']);
}

/** Several tokens may be set for rotation, separated by commas; any of them will do. */
function firstOf(tokens: string | undefined): string | undefined {
  return tokens
    ?.split(',')
    .map((token) => token.trim())
    .find((token) => token !== '');
}

function read<T>(answer: HttpAnswer, url: string, hadToken: boolean): T {
  const body = parse(answer);
  if (answer.status >= 200 && answer.status < 300 && body !== undefined) return body as T;
  const detail = cleanLine(describeProblem(body as Partial<Problem> | undefined, answer.status), 1200);
  if (answer.status === 401 || answer.status === 403) {
    const hint = hadToken
      ? 'The token in HEALER_API_TOKEN (or HEALER_READ_TOKEN, for reading only) is not one it takes for this.'
      : 'Set HEALER_API_TOKEN to one of its tokens (HEALER_READ_TOKEN suffices for reading).';
    throw new SettingsError(`${url} refuses: ${detail} ${hint}`);
  }
  if (answer.status === 400) throw new WrongUseError(detail);
  if (body === undefined)
    throw new UserError(`What answers at ${url} is not Healer's API (status ${answer.status}, not JSON).`);
  throw new UserError(detail);
}

/** What the service says, with every fault after the first, which the detail names already. */
function describeProblem(body: Partial<Problem> | undefined, status: number): string {
  const more = (Array.isArray(body?.errors) ? body.errors : [])
    .slice(1)
    .map(({ path, message }) => `${path} ${message}`);
  const detail = String(body?.detail ?? `it answered ${status}`);
  return more.length === 0 ? detail : `${detail} Also: ${more.join('; ')}.`;
}

function parse(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(Buffer.from(answer.bytes).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Who asks, for the timeline: the name the system knows the person by. */
export function personName({ env }: Pick<CliContext, 'env'>): string {
  return env['USER'] || env['LOGNAME'] || env['USERNAME'] || 'the terminal';
}

/** What commands take besides their context; for tests. */
export interface CommandDeps {
  readonly clock?: Clock;
}

export function clockOf({ clock = systemClock }: CommandDeps): Clock {
  return clock;
}
