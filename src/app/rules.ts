import { loadRules, watchRules } from '../decide/route/load.ts';
import type { RuleSet } from '../decide/route/rule-set.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from './log.ts';
import { RULES_DIR } from './paths.ts';
import type { Settings } from './settings.ts';

/** The routing rules in force; an edited folder takes effect by itself, one with a mistake does not. */
export function watchedRules(
  settings: Settings,
  log: Log,
): { readonly current: () => RuleSet; readonly stop: () => void } {
  const dir = settings.rulesDir ?? RULES_DIR;
  let rules = loadRules(dir);
  const stop = watchRules(
    dir,
    (changed) => {
      rules = changed;
      log.info({ dir }, 'routing rules reloaded');
    },
    (error) => log.error({ dir, error: messageOf(error) }, 'routing rules not reloaded'),
  );
  return { current: () => rules, stop };
}
