import { isPrivateHost } from '../addresses.ts';
import { type BoundedBytes, collectHeadAndTail } from '../bounded-bytes.ts';
import { messageOf } from '../errors.ts';
import { createHttpClient, type HttpClient } from '../http.ts';
import type { GitHub } from './client.ts';
import { splitRepository, statusOf } from './errors.ts';
import { pause } from './pause.ts';
import { isZip, unzipBounded } from './unzip.ts';

export type JobLogAnswer =
  | {
      readonly status: 'found';
      readonly bytes: Uint8Array;
      /** Bytes left out between the beginning and the end; the text says so where they were. */
      readonly cutBytes: number;
    }
  | { readonly status: 'not_ready' | 'gone' | 'failed'; readonly detail: string };

export interface JobLogRequest {
  readonly repository: string;
  readonly jobId: number;
  /** At most this many bytes are kept: up to 256 KiB of the beginning, the rest of the end. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** A log that is not there is not waited for: the job ended long ago. */
  readonly once?: boolean;
}

/** Waits between looks at a log that is not there yet; resolves early when the signal fires. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

const HEAD_BYTES = 256 * 1024;
/** GitHub answers 404 for a few seconds after a job has completed. Milliseconds between the looks. */
const NOT_READY_WAITS = [500, 1_000, 2_000, 4_000];

export type DownloadJobLog = (request: JobLogRequest) => Promise<JobLogAnswer>;

/** How logs of jobs are fetched; never throws for what GitHub or the storage behind it answers. */
export function jobLogDownloader(github: GitHub, sleep: Sleep = pause): DownloadJobLog {
  const http = storageClient(github);
  return async (request) => {
    let answer = await lookOnce(github, http, request);
    for (const wait of NOT_READY_WAITS) {
      if (answer.status !== 'not_ready' || request.once === true || request.signal.aborted) break;
      await sleep(wait, request.signal);
      if (!request.signal.aborted) answer = await lookOnce(github, http, request);
    }
    return answer;
  };
}

async function lookOnce(
  github: GitHub,
  storage: () => Promise<HttpClient>,
  { repository, jobId, maxBytes, signal }: JobLogRequest,
): Promise<JobLogAnswer> {
  const headBytes = Math.min(HEAD_BYTES, Math.floor(maxBytes / 2));
  const keep = { headBytes, tailBytes: maxBytes - headBytes };
  try {
    const { owner, repo } = splitRepository(repository);
    const response = await github
      .forRepository(repository)
      .request('GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs', {
        owner,
        repo,
        job_id: jobId,
        request: { redirect: 'manual', parseSuccessResponseBody: false, signal },
      });
    const location = response.headers.location;
    const body: unknown = response.data;
    if (location === undefined) return found(await collect(body as ReadableStream<Uint8Array> | null, keep), keep);
    await (body as ReadableStream | null)?.cancel();
    const target = new URL(location, github.baseUrl).href;
    const answer = await (await storage())(target, { signal, keep });
    if (answer.status === 404) return { status: 'not_ready', detail: 'the log storage does not have the log yet' };
    if (answer.status === 410) return { status: 'gone', detail: 'the log has expired' };
    if (answer.status !== 200) return { status: 'failed', detail: `the log storage answered ${answer.status}` };
    return found(answer, keep);
  } catch (error) {
    return refusalOf(error);
  }
}

function found(kept: BoundedBytes, keep: { headBytes: number; tailBytes: number }): JobLogAnswer {
  if (!isZip(kept.bytes)) return { status: 'found', bytes: withoutMark(kept.bytes), cutBytes: kept.cutBytes };
  if (kept.cutBytes > 0) return { status: 'failed', detail: 'the compressed log is larger than the budget' };
  const { bytes, cutBytes, damaged } = unzipBounded(kept.bytes, keep);
  if (bytes.length === 0) return { status: 'failed', detail: 'the compressed log is damaged' };
  return { status: 'found', bytes: withoutMark(bytes), cutBytes: damaged ? Math.max(1, cutBytes) : cutBytes };
}

/** GitHub's logs begin with a byte order mark, which would hide the first line's time stamp from who reads it. */
function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

async function collect(
  body: ReadableStream<Uint8Array> | null,
  keep: { headBytes: number; tailBytes: number },
): Promise<BoundedBytes> {
  const collector = collectHeadAndTail(keep.headBytes, keep.tailBytes);
  for await (const chunk of body ?? []) collector.push(chunk);
  return collector.finish();
}

function refusalOf(error: unknown): JobLogAnswer {
  const status = statusOf(error);
  if (status === 404) return { status: 'not_ready', detail: 'GitHub has no log of this job (yet)' };
  if (status === 410) return { status: 'gone', detail: 'the log has expired' };
  if (status === 403) return { status: 'failed', detail: 'GitHub refuses the log (403): actions: read is missing' };
  return { status: 'failed', detail: status === null ? messageOf(error) : `GitHub answered ${status}` };
}

/**
 * The client for the storage that GitHub redirects to: without our token, and not to an address inside unless the API
 * itself is inside (Enterprise, tests) or the host is listed. Whether the API is inside is asked once.
 */
function storageClient(github: GitHub): () => Promise<HttpClient> {
  let client: Promise<HttpClient> | null = null;
  const build = async (): Promise<HttpClient> => {
    const api = new URL(github.baseUrl);
    const inside = await isPrivateHost(api.hostname).catch(() => false);
    const { version, logHosts, fetch } = github.storage;
    return createHttpClient({
      userAgent: `healer/${version}`,
      timeoutMs: LOG_TIMEOUT_MS,
      ...(inside ? {} : { refusePrivate: { except: logHosts ?? [] } }),
      ...(fetch === undefined ? {} : { fetch }),
    });
  };
  return () => {
    client ??= build();
    return client;
  };
}

const LOG_TIMEOUT_MS = 30_000;
