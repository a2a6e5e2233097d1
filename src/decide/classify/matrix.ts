import type { Route } from '../route/rule-set.ts';

/** What is known besides the log. */
export interface Names {
  readonly workflow: string | null;
  readonly job: string | null;
  readonly failedSteps: readonly string[];
  readonly changedFiles: readonly string[];
  /** Commands of the steps that the log shows as failed. */
  readonly commands: readonly string[];
}

/**
 * The first row of the routing matrix that applies to names and files, or to what the failing step said; when there is
 * none, the first whose workflow it is.
 * @param said reads the part of the log that matters; called once at most
 */
export function routeFor(routes: readonly Route[], names: Names, said: () => string): Route | null {
  const workflow = names.workflow ?? '';
  const spoken = [...names.commands, ...names.failedSteps, names.job ?? '', workflow].join('\n').toLowerCase();
  let heard: string | null = null;
  const inLog = (word: string): boolean => {
    heard ??= said().toLowerCase();
    return mentions(heard, word);
  };
  let named: Route | null = null;
  for (const route of routes) {
    const isNamed = route.workflows.length > 0;
    if (isNamed && !route.workflows.some((glob) => glob.test(workflow))) continue;
    const hasFile = names.changedFiles.some((path) => route.files.some((glob) => glob.test(path)));
    if (hasFile && !route.needsBoth) return route;
    if (route.needsBoth && !hasFile) continue;
    const isHeard = isNamed || route.needsBoth;
    if (route.mentions.some((word) => mentions(spoken, word) || (isHeard && inLog(word)))) return route;
    if (isNamed) named ??= route;
  }
  return named;
}

/** The word stands in the text, and not as the end of a longer one. */
function mentions(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (at === 0 || !/[a-z]/.test(text[at - 1]!)) return true;
  }
  return false;
}
