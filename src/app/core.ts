import { LRUCache } from 'lru-cache';
import type { AdmissionPolicy } from '../decide/admit/policy.ts';
import { classify } from '../decide/classify/index.ts';
import type { RuleSet } from '../decide/route/rule-set.ts';
import { interpretDelivery } from '../intake/interpret.ts';
import { NOBODY, type Self } from '../intake/sources/source.ts';
import type { Clock } from '../lib/clock.ts';
import type { Agent } from '../model/agent.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Classification } from '../model/evidence.ts';
import type { CiSignal } from '../model/signal.ts';
import { createMachine, type Machine } from '../remediate/machine.ts';
import type { Store } from '../store/open.ts';
import { createDecider, type Decider } from './decide/index.ts';
import { gateOf } from './gates.ts';
import { keepIncidents } from './incidents.ts';
import type { Notices } from './notify.ts';
import { createPolicy, fixedPolicy } from './policy.ts';
import type { Settings } from './settings.ts';

type Guess = Pick<Classification, 'agent' | 'failureType' | 'confidence' | 'rule'>;

export interface CoreOptions {
  readonly store: Store;
  readonly settings: Settings;
  /** Read at each use, so that edited rules take effect. */
  readonly rules: () => RuleSet;
  readonly agents: readonly Agent[];
  readonly clock: Clock;
  readonly newId: () => string;
  readonly self?: Self;
  /** Writes down what people are to be told; nothing is without it. */
  readonly notices?: Notices;
}

/** What decides: the service and `healer explain` run the very same. */
export interface Core {
  readonly machine: Machine;
  readonly decide: Decider;
  readonly interpret: (delivery: Delivery) => ReturnType<typeof interpretDelivery>;
}

export function createCore(options: CoreOptions): Core {
  const { store, settings, clock, notices } = options;
  const machine = createMachine({
    store,
    clock,
    policyFor: createPolicy(settings, store.dialect),
    policyToOpen: fixedPolicy(settings),
    gate: gateOf(settings).text,
    onEnd: (tx, ended, now) => keepIncidents(tx, store.dialect, ended, now),
    ...(notices === undefined ? {} : { onStep: notices.stepTaken }),
    besideComments: showsChecks(settings) ? [{ kind: 'check_run' }] : [],
  });
  const decide = createDecider({
    machine,
    clock,
    newId: options.newId,
    admission: admissionPolicy(settings, options.agents),
    guess: guesser(options.rules),
    ...(notices === undefined ? {} : { onHealthy: notices.healthy }),
  });
  return { machine, decide, interpret: (delivery) => interpretDelivery(delivery, options.self ?? NOBODY) };
}

/** Checks can be written by a GitHub App only. */
export function showsChecks({ github, notifications }: Settings): boolean {
  return notifications.checkRun.enabled && github.appId !== undefined;
}

/** Different jobs whose guess is remembered; a busy organisation has some hundreds. */
const GUESSES = 2_000;

/** The first guess, from names alone. The same jobs fail again and again, so that each is weighed once per rule set. */
function guesser(rules: () => RuleSet): (signal: CiSignal) => Guess {
  const known = new LRUCache<string, Guess>({ max: GUESSES });
  let weighedBy: RuleSet | null = null;
  return (signal) => {
    const current = rules();
    if (current !== weighedBy) known.clear();
    weighedBy = current;
    const names = {
      workflow: signal.workflowName,
      job: signal.check?.name ?? null,
      failedSteps: signal.check?.failedSteps ?? [],
    };
    const key = JSON.stringify(names);
    const before = known.get(key);
    if (before !== undefined) return before;
    const { agent, failureType, confidence, rule } = classify({ log: null, ...names }, current);
    const guess = { agent, failureType, confidence, rule };
    known.set(key, guess);
    return guess;
  };
}

export function admissionPolicy(settings: Settings, agents: readonly Agent[]): AdmissionPolicy {
  return {
    timeWindowMs: settings.timeWindowMinutes * 60_000,
    maxAttempts: settings.maxAttempts,
    repositories: settings.repositories,
    allowedBots: settings.allowedBots,
    commandBots: settings.commandBots,
    reviewApps: settings.reviewApps,
    platformRepository: settings.platformRepository ?? null,
    // GitHub writes an App's login in lower case, with `[bot]` behind it.
    agentLogins: agents.map((agent) => `${agent.githubApp.toLowerCase()}[bot]`),
  };
}
