import { toJson } from '../../cli/classify.ts';
import { classify } from '../../decide/classify/index.ts';
import type { RuleSet } from '../../decide/route/rule-set.ts';
import { explainDelivery } from '../explain.ts';
import type { Settings } from '../settings.ts';
import type { LocalDecisions } from './tool.ts';

/** Decisions with these settings and rules; `rules` is read at each use, so that edited ones take effect. */
export function localDecisions(settings: Settings, rules: () => RuleSet): LocalDecisions {
  return {
    classify: ({ log, maxLines, ...names }) => {
      const { file: _, ...result } = toJson('', classify({ ...names, log: Buffer.from(log) }, rules(), { maxLines }));
      return result;
    },
    explain: ({ event, eventType, log }) =>
      explainDelivery({
        settings,
        body: Buffer.from(JSON.stringify(event)),
        eventType,
        log: log === null ? null : Buffer.from(log),
        rules: rules(),
      }),
  };
}
