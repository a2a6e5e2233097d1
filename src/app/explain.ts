import { loadAgents } from '../brief/agents.ts';
import { admissionGates, type GatePassage } from '../decide/admit/admission.ts';
import { targetBranch } from '../decide/branch.ts';
import { classify } from '../decide/classify/index.ts';
import { classifyCauses } from '../decide/classify-causes.ts';
import { loadRules } from '../decide/route/load.ts';
import type { RuleSet } from '../decide/route/rule-set.ts';
import { originOf } from '../intake/interpret.ts';
import { systemClock } from '../lib/clock.ts';
import { sha256 } from '../lib/digest.ts';
import { UserError } from '../lib/errors.ts';
import type { Disposition } from '../model/delivery.ts';
import type { Classification } from '../model/evidence.ts';
import type { FailureType } from '../model/failure-type.ts';
import type { Remediation } from '../model/remediation.ts';
import type { CiSignal, Signal } from '../model/signal.ts';
import { openStore } from '../store/open.ts';
import { findRemediation } from '../store/remediations.ts';
import { admissionPolicy, createCore } from './core.ts';
import { newId } from './ids.ts';
import { PROMPTS_DIR, RULES_DIR } from './paths.ts';
import type { Settings } from './settings.ts';

/** What would happen to a delivery; field names as in the answer of the service (CONTRACT section 2). */
export interface Explanation {
  readonly event: string | null;
  readonly status: Disposition['status'];
  readonly dedup_status: Disposition['dedupStatus'];
  readonly reason: Disposition['reason'];
  readonly task_id: string | null;
  readonly agent: string | null;
  readonly failure_type: string | null;
  readonly target_branch: string | null;
  /** One sentence for each signal that the delivery holds. */
  readonly signals: readonly string[];
  /** The gates that a red build came to, in their order; empty for everything else. */
  readonly gates: readonly GatePassage[];
  /** How the agent would be chosen; null when nothing would be started. */
  readonly routing: Routing | null;
}

interface Routing {
  readonly agent: string;
  readonly failure_type: string;
  readonly confidence: number;
  readonly transient: boolean;
  readonly rule: string;
  readonly reason: string;
  readonly fingerprint: string;
  readonly evidence: Classification['evidence'];
}

/**
 * The decision of the service on an empty store in memory: the very same code. Throws UserError when the body is not
 * what it claims to be.
 */
export async function explainDelivery(input: {
  readonly settings: Settings;
  readonly body: Uint8Array;
  readonly eventType: string | null;
  readonly log: Uint8Array | null;
  /** Loaded already, for whoever explains many; read from the settings' folder otherwise. */
  readonly rules?: RuleSet;
}): Promise<Explanation> {
  const { settings, body, eventType, log } = input;
  const rules = input.rules ?? loadRules(settings.rulesDir ?? RULES_DIR);
  const store = await openStore({ kind: 'memory' });
  try {
    const agents = [...loadAgents(PROMPTS_DIR)];
    const core = createCore({ store, settings, rules: () => rules, agents, clock: systemClock, newId });
    const read = core.interpret({
      id: newId(),
      origin: originOf(body),
      event: eventType,
      externalId: null,
      digest: sha256(body),
      receivedAt: systemClock(),
      body,
    });
    if (read.fault !== null) {
      const first = read.fault.errors[0];
      throw new UserError(
        `The event cannot be used: ${first?.path ? `${first.path} ` : ''}${first?.message ?? read.fault.code}.`,
      );
    }
    const { disposition } = await store.transaction((tx) => core.decide(tx, read.signals, read.ignored));
    const remediation =
      disposition.remediationId === null ? null : await findRemediation(store.db, disposition.remediationId);
    const failed = read.signals.find((signal): signal is CiSignal => signal.kind === 'ci_failed');
    const classification = remediation === null ? null : classificationOf(remediation, failed, log, rules);
    return {
      event: read.event,
      status: disposition.status,
      dedup_status: disposition.dedupStatus,
      reason: disposition.reason,
      task_id: remediation?.taskId ?? null,
      agent: classification?.agent ?? null,
      failure_type: classification?.failureType ?? null,
      target_branch:
        remediation === null || classification === null ? null : targetOf(remediation, classification.failureType),
      signals: read.signals.map(describeSignal),
      gates:
        failed === undefined
          ? []
          : admissionGates(failed, NOTHING_KNOWN, admissionPolicy(settings, agents), systemClock()),
      routing: classification === null ? null : routingOf(classification),
    };
  } finally {
    await store.close();
  }
}

const NOTHING_KNOWN = { ofRun: null, live: null, lastEnded: null, lineageAttempts: null };

/** From what the delivery itself says, and from the log where there is one; null for what is not to be repaired. */
function classificationOf(
  { causes }: Remediation,
  failed: CiSignal | undefined,
  log: Uint8Array | null,
  rules: RuleSet,
): Classification | null {
  if (failed === undefined) return causes.length === 0 ? null : classifyCauses(causes, rules);
  const { workflowName: workflow, check } = failed;
  return classify({ log, workflow, job: check?.name ?? null, failedSteps: check?.failedSteps ?? [] }, rules);
}

/** Null where only GitHub knows the place: an alert's branch, and the commit after which a branch of its own is named. */
function targetOf(remediation: Remediation, failureType: FailureType): string | null {
  const { branch, defaultBranch, headSha, pullRequest } = remediation;
  if (branch === '') return null;
  const pullRequestHead = pullRequest === null ? null : branch;
  // Nobody is asked: a branch that is not known to be the default one is taken for another.
  const target = targetBranch({ branch, defaultBranch: defaultBranch ?? '', pullRequestHead, failureType, headSha });
  return target !== branch && headSha === '' ? null : target;
}

function routingOf(classification: Classification): Routing {
  const { agent, confidence, transient, rule, reason, fingerprint, evidence } = classification;
  return {
    agent,
    failure_type: classification.failureType,
    confidence,
    transient,
    rule,
    reason,
    fingerprint,
    evidence,
  };
}

function describeSignal(signal: Signal): string {
  switch (signal.kind) {
    case 'ci_failed':
    case 'ci_passed':
      return `${signal.kind}: ${signal.check?.name ?? signal.workflowName ?? signal.event} of ${signal.repository} on ${signal.branch ?? 'no branch'} at ${signal.headSha.slice(0, 8)} (${signal.conclusion})`;
    case 'pull_request_changed':
      return `${signal.kind}: ${signal.change} on ${signal.repository} ${signal.branch}`;
    case 'command':
      return `${signal.kind}: ${signal.verb} on ${signal.repository}#${signal.pullRequest} by ${signal.actor.login}`;
    case 'security_raised':
    case 'security_resolved':
      return `${signal.kind}: ${signal.alertKind} #${signal.number} of ${signal.repository} (${signal.title})`;
    case 'review_requested':
      return `${signal.kind}: by ${signal.source} on ${signal.repository} at ${signal.headSha.slice(0, 8)}`;
    case 'platform_alert':
      return `${signal.kind}: ${signal.status}, ${signal.title} of ${signal.repository ?? 'no repository'}`;
    case 'play_failed':
      return `${signal.kind}: ${signal.stage} of ${signal.playId} on ${signal.repository} ${signal.branch}`;
  }
}
