import { readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { messageOf, UserError } from '../../lib/errors.ts';
import type { RuleSet } from './rule-set.ts';
import { parseRules } from './rules.ts';

/**
 * Reads every YAML file of a folder.
 * @throws UserError when the folder cannot be read or a rule is not valid
 */
export function loadRules(dir: string): RuleSet {
  let names: string[];
  try {
    names = readdirSync(dir).filter((name) => /\.ya?ml$/.test(name));
  } catch (error) {
    throw new UserError(`The rules folder ${dir} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  return parseRules(names.map((name) => ({ name, text: readFileSync(join(dir, name), 'utf8') })));
}

/** An editor writes a file in several steps; this long after the last one it is read. */
const SETTLE_MS = 50;

/**
 * Loads the folder again when something in it changes. Rules with a mistake are reported and the old ones stay in use.
 * @returns a function that stops watching
 */
export function watchRules(
  dir: string,
  onChange: (rules: RuleSet) => void,
  onError: (error: unknown) => void,
): () => void {
  let timer: NodeJS.Timeout | null = null;
  const reload = (): void => {
    timer = null;
    let rules: RuleSet;
    try {
      rules = loadRules(dir);
    } catch (error) {
      onError(error);
      return;
    }
    onChange(rules);
  };
  const watcher = watch(dir, { persistent: false }, () => {
    if (timer) clearTimeout(timer);
    timer = setTimeout(reload, SETTLE_MS).unref();
  });
  watcher.on('error', onError);
  return () => {
    if (timer) clearTimeout(timer);
    watcher.close();
  };
}
