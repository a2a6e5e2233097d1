import { causeFindings } from '../../brief/causes.ts';
import type { Evidence } from '../../brief/evidence.ts';
import { type GatherDeps as Asking, gather } from '../../brief/gather.ts';
import { renderPrompt } from '../../brief/prompt/render.ts';
import { suspiciousPlaces } from '../../brief/prompt/suspicious.ts';
import type { Templates } from '../../brief/prompt/templates.ts';
import type { ContextSource } from '../../brief/source.ts';
import { commitToRepair, type GatheredFacts, judgeEvidence } from '../../decide/admit/verdict.ts';
import { chooseAgent } from '../../decide/agent-choice.ts';
import { targetBranch } from '../../decide/branch.ts';
import { classifyCauses } from '../../decide/classify-causes.ts';
import { classifyChecks } from '../../decide/classify-checks.ts';
import { allowedAgents, attemptLimit, ignoredChecks, judgeConfig } from '../../decide/repository-config/apply.ts';
import type { ConfigReading } from '../../decide/repository-config/reading.ts';
import type { RuleSet } from '../../decide/route/rule-set.ts';
import type { Clock } from '../../lib/clock.ts';
import type { GitHub } from '../../lib/github/client.ts';
import { pullOfRef } from '../../lib/github/pull-ref.ts';
import type { AgentName } from '../../model/agent.ts';
import type { Classification, ContextFinding } from '../../model/evidence.ts';
import type { EvidenceGathered, Verdict } from '../../model/fact.ts';
import type { Remediation } from '../../model/remediation.ts';
import { attemptsSpent, mergeChecks } from '../../remediate/lineage.ts';
import type { Handler } from '../../remediate/worker.ts';
import type { Metrics } from '../../report/metrics.ts';
import { spanOfFinding, type Tracing } from '../../report/traces/index.ts';
import { createNonce, createRedactor, type Redactor } from '../../safety/index.ts';
import { insertBrief, type StoredBrief } from '../../store/briefs.ts';
import type { Store } from '../../store/open.ts';
import { earlierLives } from '../../store/repairs.ts';
import type { Settings } from '../settings.ts';
import { type ChangeReviewer, changeReviewer } from './change-review.ts';
import { readRepositoryConfig } from './config.ts';
import { safe, wantedOf } from './evidence-parts.ts';
import { experienceOf } from './experience.ts';
import { withPlace } from './place.ts';
import { assertSighted } from './sighted.ts';
import { NOTHING_NEW, situationOf, tellingOf } from './told.ts';

export interface GatherDeps {
  readonly store: Store;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly github: GitHub;
  readonly sources: readonly ContextSource[];
  readonly templates: Templates;
  readonly rules: () => RuleSet;
  readonly metrics: Pick<Metrics, 'classified' | 'contextAsked'>;
  readonly tracing: Pick<Tracing, 'record'>;
  /** Our own secrets, which must not appear in a brief. */
  readonly secrets: readonly string[];
}

/** Evidence, judgement and prompt for the next attempt, stored as a brief with what the machine makes of it. */
export function gatherHandler(deps: GatherDeps): Handler<'gather'> {
  const review = changeReviewer({ ...deps, refuse: deps.settings.changeReview.refuse });
  return async (effect, known, signal) => {
    const redactor = createRedactor({ secrets: deps.secrets });
    const config = await readRepositoryConfig({ ...deps, agents: namesOf(deps) }, known.repository, signal);
    const remediation = known.causes.length > 0 ? await withPlace(deps.github, known, signal) : known;
    const asking: Asking = {
      clock: deps.clock,
      redactor,
      signal,
      onFinding: (finding) => {
        deps.metrics.contextAsked(finding.source, finding.status, finding.durationMs);
        deps.tracing.record(() => [spanOfFinding(known, finding, deps.clock())]);
      },
    };
    const atOnce = deps.sources.filter((source) => !source.afterClassifying);
    const gathered = await gather(atOnce, remediation, asking);
    assertSighted(gathered.findings);
    const ignored = ignoredChecks(config, mergeChecks(remediation.failedChecks, gathered.failedChecks));
    const evidence = {
      ...wantedOf(gathered, ignored),
      findings: [...causeFindings(remediation.causes, redactor), ...gathered.findings],
    };
    const changeRefused = await isRefused(review, remediation, evidence, signal);
    const before = await earlierLives(deps.store.db, remediation);
    const all: Known = { remediation, evidence, config, ignored, redactor, changeRefused, before };
    const judged = await judge(deps, all);
    const informed = await withMemory(
      deps,
      evidence,
      { ...remediation, ...recognised(judged) },
      {
        ...asking,
        words: wordsOf(judged.classification),
      },
    );
    const brief = writeBrief(deps, { ...all, ...judged, evidence: informed, ordinal: effect.ordinal });
    const suspicious = suspiciousPlaces(remediation, judged.classification, informed.findings, redactor);
    return {
      kind: 'fact',
      fact: { kind: 'evidence_gathered', briefId: brief.id, ...judged.fact, suspicious },
      first: (tx) => insertBrief(tx, brief),
    };
  };
}

/** What the log says, in the lines that decided; they went through the gate. */
const wordsOf = ({ evidence }: Classification): string => evidence.map(({ text }) => text).join('\n');

/** What the memory is asked by: the breakage as it was recognised. */
const recognised = ({ fact: { failureType, fingerprint } }: Judged) => ({ failureType, fingerprint });

/** The evidence with what is remembered of this very breakage, in the order of the registry; the event itself stays first. */
async function withMemory(
  { sources }: GatherDeps,
  evidence: Evidence,
  remediation: Remediation,
  asking: Asking,
): Promise<Evidence> {
  const memories = sources.filter((source) => source.afterClassifying);
  const { findings } = await gather(memories, remediation, asking);
  const place = ({ source }: ContextFinding): number => sources.findIndex(({ name }) => name === source);
  return { ...evidence, findings: [...evidence.findings, ...findings].toSorted((a, b) => place(a) - place(b)) };
}

const namesOf = ({ templates }: GatherDeps): readonly AgentName[] => templates.agents.map(({ name }) => name);

interface Known {
  readonly remediation: Remediation;
  readonly evidence: Evidence;
  readonly config: ConfigReading;
  /** Names of red checks that the repository does not want repaired. */
  readonly ignored: readonly string[];
  readonly redactor: Redactor;
  readonly changeRefused: boolean;
  /** What was tried before this remediation, since it was last green. */
  readonly before: readonly Remediation[];
}

/** Attempts that a prompt tells of remediations before this one. */
const MAX_EARLIER = 6;

/** Whether the branch is green only because of what agents did to its checks. Asked when it is green, else nobody cares. */
async function isRefused(
  review: ChangeReviewer,
  remediation: Remediation,
  { checksNow }: Evidence,
  signal: AbortSignal,
): Promise<boolean> {
  const hasPushed = remediation.attempts.some(({ report }) => report !== null && report.commitSha !== null);
  if (checksNow?.state !== 'green' || !hasPushed) return false;
  return (await review(remediation, checksNow.sha, signal)).refusal !== null;
}

interface Judged {
  readonly classification: Classification;
  readonly fact: Omit<EvidenceGathered, 'kind' | 'briefId'>;
  /** The branch to make the target branch from; null when it exists. */
  readonly baseBranch: string | null;
  /** What the brief tells, as a digest (see decide/repeat.ts). */
  readonly knowledge: string;
}

/** A person who asks again starts anew, also with the choice of the agent. */
const ofLineage = ({ before, remediation }: Known): readonly Remediation[] =>
  before.filter(({ lineageId }) => lineageId === remediation.lineageId);

async function judge(deps: GatherDeps, known: Known): Promise<Judged> {
  const { remediation, evidence, config, ignored, redactor } = known;
  const classification = safe(classifyTimed(deps, remediation, evidence), redactor);
  const { failureType, confidence, rule, fingerprint, transient } = classification;
  const facts: GatheredFacts = {
    ...evidence,
    commitMessage: evidence.headCommit?.message ?? remediation.commitMessage,
    changeRefused: known.changeRefused,
  };
  const attempts = [...ofLineage(known), remediation].flatMap((life) => life.attempts);
  const situation = situationOf(remediation, classification, evidence.failedChecks);
  const { knowledge, told } = await tellingOf(deps.store.db, situation, attempts);
  const { agent, why, nothingNew } = chooseAgent({
    classified: classification.agent,
    pinned: remediation.pinnedAgent,
    attempts,
    agents: allowedAgents(config, namesOf(deps)),
    failureType,
    rates: await experienceOf(deps.store, failureType, deps.clock()),
    told,
  });
  const { pullRequest: seen } = evidence;
  // The repair of a fork's pull request gets one of its own.
  const pullRequest = seen !== null && pullOfRef(remediation.branch) !== null && seen.fromFork ? null : seen;
  const headSha = commitToRepair(remediation, facts);
  const target =
    remediation.targetBranch ??
    targetBranch({
      branch: remediation.branch,
      defaultBranch: evidence.repository?.defaultBranch ?? remediation.defaultBranch,
      pullRequestHead: pullRequest?.state === 'open' ? pullRequest.headRef : null,
      failureType,
      headSha,
    });
  const verdict = verdictOf(deps, known, facts, classification);
  return {
    classification,
    knowledge,
    baseBranch: target === remediation.branch ? null : remediation.branch,
    fact: {
      agent,
      ...(agent === classification.agent ? {} : { agentReason: why }),
      failureType,
      confidence,
      rule,
      fingerprint,
      transient,
      branch: remediation.branch,
      targetBranch: target,
      pullRequest: pullRequest?.state === 'open' ? pullRequest.number : remediation.pullRequest,
      headSha,
      failedChecks: evidence.failedChecks,
      ignoredChecks: ignored,
      verdict: nothingNew && verdict.kind !== 'stop' ? NOTHING_NEW : verdict,
    },
  };
}

/** What the evidence says, and then what the repository itself says. */
function verdictOf(
  deps: GatherDeps,
  { remediation, evidence, config }: Known,
  facts: GatheredFacts,
  { agent, failureType }: Classification,
): Verdict {
  const verdict = judgeEvidence(remediation, facts);
  if (verdict.kind !== 'proceed') return verdict;
  return judgeConfig(config, {
    branch: remediation.branch,
    failureType,
    owner: agent,
    pinned: remediation.pinnedAgent,
    agents: namesOf(deps),
    failedChecks: evidence.failedChecks,
    changedFiles: evidence.changedFiles?.map((file) => file.path) ?? null,
    hasCauses: remediation.causes.length > 0,
  });
}

function classifyTimed(deps: GatherDeps, remediation: Remediation, evidence: Evidence): Classification {
  const started = performance.now();
  // Red checks beside an alert are not what the agent is sent for.
  const isCause = remediation.causes.length > 0 && remediation.failedChecks.length === 0;
  const classification = isCause
    ? classifyCauses(remediation.causes, deps.rules())
    : classifyChecks(
        {
          logs: evidence.logs,
          greenLogs: evidence.greenLogs,
          failedChecks: evidence.failedChecks,
          workflowName: remediation.workflowName,
          changedFiles: evidence.changedFiles?.map((file) => file.path) ?? [],
          annotations: evidence.annotations.map((annotation) => annotation.message),
        },
        deps.rules(),
      );
  deps.metrics.classified(performance.now() - started);
  return classification;
}

function writeBrief(deps: GatherDeps, input: Judged & Known & { readonly ordinal: number }): StoredBrief {
  const { remediation, evidence, classification, fact, baseBranch } = input;
  const agent = deps.templates.agents.find(({ name }) => name === fact.agent);
  if (agent === undefined) throw new Error(`There is no agent ${fact.agent}.`);
  const prompt = renderPrompt(deps.templates, {
    remediation,
    agent,
    classification,
    findings: evidence.findings,
    failedChecks: evidence.failedChecks,
    targetBranch: fact.targetBranch,
    baseBranch,
    attemptNumber: attemptsSpent(remediation) + 1,
    maxAttempts: attemptLimit(deps.settings.maxAttempts, input.config),
    nonce: createNonce(),
    budgetChars: deps.settings.promptBudget,
    redactor: input.redactor,
    earlierAttempts: input.before.flatMap(({ attempts }) => attempts).slice(-MAX_EARLIER),
    lastAttemptFiles: evidence.lastAttemptFiles,
  });
  return {
    id: deps.newId(),
    remediationId: remediation.id,
    ordinal: input.ordinal,
    createdAt: deps.clock(),
    classification,
    findings: evidence.findings,
    cuts: prompt.cuts,
    template: prompt.template,
    baseBranch,
    prompt: prompt.text,
    knowledge: input.knowledge,
  };
}
