import { classify } from '../decide/classify/index.ts';
import type { RuleSet } from '../decide/route/rule-set.ts';
import type { Classification } from '../model/evidence.ts';
import type { LogToClassify, RuleView } from '../report/api.ts';
import { openGate } from '../safety/index.ts';

/** The rules as people read them. */
export function ruleViews({ rules, routes, patterns }: RuleSet): readonly RuleView[] {
  return [
    ...rules.map((rule) => ({
      id: rule.id,
      kind: 'lines' as const,
      file: rule.file,
      agent: rule.agent,
      failureType: rule.failureType,
      looksFor: patterns
        .filter((pattern) => pattern.rule === rule.index && pattern.weight > 0)
        .map(({ source }) => source),
      examples: rule.examples.length,
    })),
    ...routes.map((route) => ({
      id: route.id,
      kind: 'names' as const,
      file: route.file,
      agent: route.agent,
      failureType: route.failureType,
      looksFor: [
        ...route.workflows.map(({ source }) => source),
        ...route.mentions,
        ...route.files.map(({ source }) => source),
      ],
      examples: route.examples.length,
    })),
  ];
}

/** Decides about a pasted log as about a real one; what comes back is fit to be shown. */
export function tryLog({ log, ...names }: LogToClassify, rules: RuleSet, secrets: readonly string[]): Classification {
  const decided = classify({ log: log.trim() === '' ? null : log, ...names }, rules);
  return openGate(secrets).deep(decided);
}
