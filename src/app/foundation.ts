import { loadTemplates } from '../brief/prompt/load.ts';
import type { Templates } from '../brief/prompt/templates.ts';
import type { RuleSet } from '../decide/route/rule-set.ts';
import type { Self } from '../intake/sources/source.ts';
import type { Clock } from '../lib/clock.ts';
import type { GitHub } from '../lib/github/client.ts';
import { createMetrics, type Metrics } from '../report/metrics.ts';
import { spansOfStep, type Tracing } from '../report/traces/index.ts';
import type { Inbox } from '../store/inbox.ts';
import type { Store } from '../store/open.ts';
import { type Core, createCore } from './core.ts';
import type { Environment } from './environment.ts';
import { connectGitHub } from './github.ts';
import { newId } from './ids.ts';
import { readBreaker } from './load.ts';
import { type Log, logSteps } from './log.ts';
import { createNotifications, type Notifications } from './notify-service.ts';
import { PROMPTS_DIR, VERSION } from './paths.ts';
import { watchedRules } from './rules.ts';
import type { Settings } from './settings.ts';

/** What everything else in the process stands on. */
export interface Foundation {
  readonly settings: Settings;
  readonly log: Log;
  readonly env: Environment;
  readonly clock: Clock;
  readonly store: Store;
  /** Deliveries that are kept and not decided about yet; null where the store is shared with other processes. */
  readonly inbox: Inbox | null;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  readonly templates: Templates;
  readonly rules: () => RuleSet;
  readonly github: GitHub;
  /** What Healer knows of itself on GitHub. */
  readonly self: Self;
  readonly core: Core;
  readonly notifications: Notifications;
  readonly onError: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

export type Undo = (() => Promise<unknown> | unknown)[];

export function layFoundation(
  given: Pick<Foundation, 'settings' | 'log' | 'env' | 'clock' | 'store' | 'inbox' | 'tracing'>,
  undo: Undo,
): Foundation {
  const { settings, log, clock, store, inbox, tracing } = given;
  const metrics = createMetrics({
    version: VERSION,
    store,
    clock,
    breaker: async () => (await readBreaker(store.db, settings.breaker, clock())).state,
    ...(inbox === null ? {} : { inbox: () => inbox.waiting() }),
  });
  const templates = loadTemplates(PROMPTS_DIR);
  const rules = watchedRules(settings, log);
  undo.push(rules.stop);
  const self = { appId: settings.github.appId ?? null };
  const onError: Foundation['onError'] = (message, fields) => log.error(fields, message);
  const notifications = createNotifications(settings, { store, clock, newId, onError });
  undo.push(() => notifications.rights?.settled());
  const core = createCore({
    ...{ store, settings, rules: rules.current, agents: templates.agents, clock, newId, self },
    notices: notifications.notices,
  });
  core.machine.subscribe(logSteps(log));
  core.machine.subscribe((step) => metrics.remediationChanged(step));
  undo.push(tracing.stop);
  core.machine.subscribe((step) => tracing.record(() => spansOfStep(step)));
  return {
    ...given,
    metrics,
    templates,
    rules: rules.current,
    github: connectGitHub(settings, log, metrics, notifications.rights?.heard),
    self,
    core,
    notifications,
    onError,
  };
}
