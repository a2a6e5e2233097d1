import type { FastifyInstance } from 'fastify';
import { readInsights } from '../learn/insights.ts';
import { messageOf } from '../lib/errors.ts';
import type { Delivery, Disposition } from '../model/delivery.ts';
import type { Worker } from '../remediate/worker.ts';
import { type DecidedWithin, spansOfDelivery } from '../report/traces/index.ts';
import { type Acceptor, createAcceptor } from './accept.ts';
import { readBudget } from './budget.ts';
import { createCommands } from './commands.ts';
import type { Foundation, Undo } from './foundation.ts';
import { gateOf } from './gates.ts';
import { authorize, createHttp, credentialsOf, httpLimits } from './http.ts';
import { newId } from './ids.ts';
import { putInto } from './inbox.ts';
import { secretValues } from './load-settings.ts';
import type { Loops } from './loops.ts';
import { localDecisions } from './mcp/decisions.ts';
import { VERSION } from './paths.ts';
import { createReadiness } from './readiness.ts';
import { ruleViews, tryLog } from './rule-views.ts';

/** How often deliveries that could not be decided are taken up again, in milliseconds. */
const LEFTOVERS_MS = 15_000;
/** Of what an agent wrote, the end that a page shows. */
const OUTPUT_BYTES = 16 * 1024;

/** Takes deliveries, and takes up again those that could not be decided. */
export function openAcceptor(base: Foundation, worker: Worker, undo: Undo): Acceptor {
  const { store, clock, core, onError } = base;
  const acceptor = createAcceptor({
    store,
    clock,
    machine: core.machine,
    decide: core.decide,
    interpret: core.interpret,
    wake: worker.wake,
    onDecided: tellDecided(base, worker),
    onError,
  });
  const leftovers = setInterval(() => {
    acceptor
      .decideLeftovers()
      .catch((error: unknown) => onError('undecided deliveries could not be read', { error: messageOf(error) }));
  }, LEFTOVERS_MS);
  undo.push(() => clearInterval(leftovers));
  return acceptor;
}

function tellDecided(
  { metrics, log, tracing, clock }: Foundation,
  worker: Worker,
): (delivery: Delivery, disposition: Disposition, within: DecidedWithin) => void {
  return (delivery, disposition, within) => {
    const { id, origin, event } = delivery;
    const { status, dedupStatus, remediationId, reason } = disposition;
    // A command moves nothing yet, but somebody waits for it.
    if (reason.code.startsWith('command_')) worker.wake();
    metrics.deliveryDecided(origin, event, disposition);
    tracing.record(() => spansOfDelivery(delivery, disposition, within, clock()));
    const decided = {
      status,
      dedup: dedupStatus,
      remediation: remediationId,
      reason: reason.code,
      detail: reason.detail,
    };
    log.info({ delivery: id, origin, event, ...decided }, 'delivery decided');
  };
}

/** Every route of the program; not listening yet. */
export function createRoutes(
  base: Foundation,
  { worker, engine, codeRuns, checks }: Loops,
  acceptor: Acceptor,
  isRunning: () => boolean,
): Promise<FastifyInstance> {
  const { settings, log, clock, store, inbox, metrics, self, core, onError } = base;
  const credentials = credentialsOf(settings);
  return createHttp({
    limits: httpLimits(settings),
    log,
    gate: gateOf(settings),
    intake: {
      ...{ credentials, clock, newId, self, accept: acceptor.accept, onRefused: metrics.deliveryRejected },
      ...(inbox === null
        ? {}
        : { inbox: { put: putInto(inbox, onError), forGitHub: settings.github.webhookAnswer === 'kept' } }),
    },
    mcp: {
      decisions: localDecisions(settings, base.rules),
      authorizeRead: authorize(credentials, 'read'),
      publicUrl: settings.publicUrl,
    },
    report: {
      store,
      ...(inbox === null ? {} : { inbox }),
      clock,
      metrics,
      info: { version: VERSION, mode: settings.mode, engine: settings.engine, startedAt: clock() },
      authorizeRead: authorize(credentials, 'read'),
      authorizeWrite: authorize(credentials, 'write'),
      command: createCommands({ store, machine: core.machine, clock, newId, wake: worker.wake }),
      readiness: createReadiness({ store, isRunning, cluster: checks }),
      insights: (since) => readInsights(store, since, clock()),
      codeRuns,
      codeRunPhase: async (name) => (await engine.glance(name))?.status.phase ?? null,
      pausesChanged: worker.wake,
      listen: (wake) => core.machine.subscribe(wake),
      tokens: { read: credentials.readTokens, write: credentials.apiTokens },
      budget: () => readBudget(store, settings, clock()),
      rules: () => ruleViews(base.rules()),
      classify: (input) => tryLog(input, base.rules(), secretValues(settings)),
      codeRunOutput: (name) => engine.output(name, OUTPUT_BYTES),
    },
  });
}
