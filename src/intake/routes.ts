import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../lib/clock.ts';
import { sha256 } from '../lib/digest.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Reason } from '../model/reason.ts';
import type { Signal } from '../model/signal.ts';
import { type AcceptedAnswer, answerDocument, answerStatus, keptAnswer } from './answer.ts';
import {
  type Credentials,
  hasCredentials,
  refuseBrowser,
  refuseSignature,
  refuseSignatureHeader,
  refuseToken,
} from './authenticate.ts';
import { documentedDoor } from './documented.ts';
import { DOORS, type Door } from './doors.ts';
import { eventName, externalId } from './identifiers.ts';
import { faultText, type Interpretation, interpret } from './interpret.ts';
import { type Preference, preferred } from './prefer.ts';
import { Problem, type ProblemKind, repositoryNotAllowed } from './problem.ts';
import { answerProblem, problemOf } from './problem-handler.ts';
import { mayLeak, scrub } from './scrub.ts';
import { MAX_BODY_BYTES } from './server-options.ts';
import { NOBODY, type Self } from './sources/source.ts';

export type { AcceptedAnswer } from './answer.ts';

/** What was read from a delivery, so that it need not be read again, and what the sender asked for. */
export interface AcceptMeta {
  /** Empty exactly when `ignored` says why. */
  readonly signals: readonly Signal[];
  readonly ignored: Reason | null;
  /** How long the sender is willing to wait for agent and CodeRun; 0 when it did not ask. */
  readonly preferWaitMs: number;
}

export interface IntakeDeps {
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** ULIDs for deliveries. */
  readonly newId: () => string;
  /**
   * Stores and decides; resolves only after the commit. The same external id or digest gets the first answer again.
   * Rejects with Overloaded or StoreUnavailable when nothing was kept.
   */
  readonly accept: (delivery: Delivery, meta: AcceptMeta) => Promise<AcceptedAnswer>;
  /** Where deliveries are kept whose senders do not wait for a decision; every sender waits without it. */
  readonly inbox?: {
    /** True when it is on the disk and will be decided about; false when it has to take the usual way. */
    readonly put: (delivery: Delivery) => Promise<boolean>;
    /** GitHub, which cannot say what it prefers, does not wait. */
    readonly forGitHub: boolean;
  };
  /** Keeps Healer's own checks and comments out. */
  readonly self?: Self;
  /** Told of every delivery that was not taken, for the metric; a repository that is not allowed is kept all the same. */
  readonly onRefused?: (kind: ProblemKind) => void;
}

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json(?:;|$)/;
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** What can be refused before the body is read. */
function refuseHead(door: Door, { credentials }: IntakeDeps, request: FastifyRequest): Problem | null {
  const { headers } = request;
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    return new Problem('content-encoding', 'Send the body without compression.', {
      headers: { 'accept-encoding': 'identity' },
    });
  const isForm = headers['content-type']?.toLowerCase().startsWith(FORM_TYPE) === true;
  // A web page can send a form anywhere without asking; only a signature tells GitHub's from others.
  if (isForm && (door.auth !== 'signature' || !hasCredentials(credentials)))
    return new Problem('media-type', 'Forms are taken only with a signature. Send application/json.');
  const browser = refuseBrowser(credentials, headers);
  if (browser !== null) return browser;
  return door.auth === 'signature'
    ? refuseSignatureHeader(credentials, headers)
    : refuseToken(credentials, headers, 'write');
}

function readArrival(door: Door, request: FastifyRequest, bytes: Uint8Array, self: Self): Interpretation {
  const event = eventName(request.headers['x-github-event']);
  const id = externalId(request.headers['x-github-delivery']);
  const read = interpret({ door, bytes, event, externalId: id }, self);
  if (read.fault === null) return read;
  throw new Problem(read.fault.code, faultText(read.fault), { extras: { errors: read.fault.errors } });
}

/**
 * Puts the delivery into the inbox where its sender does not wait for a decision: authenticated and nothing more. Gives the
 * answer; null when it has to be decided about first.
 */
async function keepFirst(
  door: Door,
  { inbox, newId, clock }: IntakeDeps,
  { headers }: FastifyRequest,
  bytes: Uint8Array,
  { respondAsync, wait }: Preference,
): Promise<string | null> {
  if (inbox === undefined || wait !== null) return null;
  if (!respondAsync && !(inbox.forGitHub && door.auth === 'signature')) return null;
  if (mayLeak(bytes)) return null;
  const delivery: Delivery = {
    id: newId(),
    origin: door.origin,
    event: eventName(headers['x-github-event']),
    externalId: externalId(headers['x-github-delivery']),
    digest: sha256(bytes),
    receivedAt: clock(),
    body: bytes,
  };
  return (await inbox.put(delivery)) ? keptAnswer(delivery.digest) : null;
}

function handlerOf(door: Door, deps: IntakeDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const refusal = door.auth === 'signature' ? refuseSignature(deps.credentials, request.headers, bytes) : null;
    if (refusal !== null) throw refusal;
    const preference = preferred(request.headers['prefer']);
    const early = await keepFirst(door, deps, request, bytes, preference);
    if (early !== null) {
      if (preference.respondAsync) reply.header('preference-applied', 'respond-async');
      return reply.code(202).header('content-type', 'application/json; charset=utf-8').send(early);
    }
    // What is read is what is kept, so that reading it again gives the same; the digest is of what was sent, so that the
    // same delivery is known when it is sent again.
    const kept = scrub(bytes);
    const { signals, ignored, event, externalId: id } = readArrival(door, request, kept, deps.self ?? NOBODY);
    const delivery: Delivery = {
      id: deps.newId(),
      origin: door.origin,
      event,
      externalId: id,
      digest: sha256(bytes),
      receivedAt: deps.clock(),
      body: kept,
    };
    const { wait } = preference;
    const answer = await deps.accept(delivery, { signals, ignored, preferWaitMs: (wait ?? 0) * 1_000 });
    const why = answer.disposition.reason;
    if (why.code === 'repository_not_allowed') throw repositoryNotAllowed(why, answer.deliveryId);
    if (wait !== null) reply.header('preference-applied', `wait=${wait}`);
    return reply.code(answerStatus(answer)).send(answerDocument(answer));
  };
}

/**
 * The doors, as a fastify plugin: `app.register(intakeRoutes, deps)`. Bodies are kept as raw bytes within the plugin; the
 * application's other routes keep their own parsers. Errors are problem documents.
 */
export async function intakeRoutes(app: FastifyInstance, deps: IntakeDeps): Promise<void> {
  app.removeAllContentTypeParsers();
  const keep = (_request: FastifyRequest, body: Buffer, done: (error: null, body: Buffer) => void) => done(null, body);
  for (const type of [JSON_TYPE, FORM_TYPE])
    app.addContentTypeParser(type, { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, keep);
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const problem = problemOf(error);
    deps.onRefused?.(problem.kind);
    return answerProblem(problem, request, reply);
  });
  // The schemas describe only: sources read the bytes themselves, and answers are plain JSON.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  for (const door of DOORS) {
    app.post(door.path, {
      schema: documentedDoor(door),
      bodyLimit: MAX_BODY_BYTES,
      onRequest: async (request) => {
        const refusal = refuseHead(door, deps, request);
        if (refusal !== null) throw refusal;
      },
      handler: handlerOf(door, deps),
    });
  }
}
