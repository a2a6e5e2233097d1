import { causeFindings } from '../../../src/brief/causes.ts';
import type { PromptInput } from '../../../src/brief/prompt/render.ts';
import { FAILURE_TYPES, type FailureType } from '../../../src/model/failure-type.ts';
import type { Attempt, Cause } from '../../../src/model/remediation.ts';
import { createRedactor } from '../../../src/safety/index.ts';
import { aCheck, anAttempt, aRemediation, aReport } from '../../support/builders.ts';
import { CAUSES, reported } from './causes.ts';
import { agent, classified, promptInput, retryInput } from './prompts.ts';

/** One failure of each agent, as its log shows it, and the step that it failed in. */
const OF_AGENT: Readonly<Record<string, readonly [type: FailureType, step: string, ...lines: string[]]>> = {
  rex: [
    'rust_test',
    'Run cargo test',
    "thread 'adds' panicked at src/cart.rs:12:5:",
    'assertion failed: left == right',
  ],
  blaze: ['frontend_types', 'Run npx tsc', "src/cart.ts(12,7): error TS2322: Type 'string' is not assignable"],
  bolt: [
    'helm_template',
    'Run helm lint charts/shop',
    'Error: template: shop/templates/deployment.yaml:7: nil pointer',
  ],
  cipher: ['security_audit', 'Run cargo audit', 'Crate: openssl', 'ID: RUSTSEC-2025-0001', 'error: 1 vulnerability'],
  atlas: [
    'git_merge_conflict',
    'Merge main',
    'CONFLICT (content): Merge conflict in src/cart.ts',
    'Automatic merge failed',
  ],
};

const failed = (number: number, name: string, changes: Partial<Attempt> = {}): Attempt =>
  anAttempt({
    number,
    ordinal: number,
    agent: name,
    endedAt: number,
    outcome: 'ci_still_failing',
    report: aReport({ summary: `Attempt ${number} changed another place and ran the failed command there.` }),
    detail: 'Still red on bbbbbbbb: build.',
    stillRed: ['build'],
    ...changes,
  });

function ofAgent(name: string, attempts: readonly Attempt[]): PromptInput {
  const [type, step, ...lines] = OF_AGENT[name] ?? ['general', 'Run make', 'make: *** Error 2'];
  const failedChecks = [aCheck('build', { workflowName: 'ci', failedSteps: [step] })];
  const base = attempts.length === 0 ? promptInput() : retryInput();
  return {
    ...base,
    agent: agent(name),
    classification: classified(type, lines),
    remediation: { ...base.remediation, failedChecks, attempts, spawned: attempts.length },
    attemptNumber: attempts.length + 1,
  };
}

function ofCause(cause: Cause, type: FailureType, changes: Partial<PromptInput> = {}): PromptInput {
  const classification = {
    ...classified(type, []),
    reason: `The signal itself says that it is ${FAILURE_TYPES[type].title}.`,
  };
  return promptInput({
    remediation: reported(cause),
    agent: agent(classification.agent),
    classification: { ...classification, excerpt: { text: '', ranges: [], lines: 0, totalLines: 0 }, confidence: 1 },
    findings: causeFindings([cause], createRedactor()),
    targetBranch: cause.kind === 'review_requested' ? 'feature' : `fix/${type.replaceAll('_', '-')}-aaaaaaaa`,
    baseBranch: cause.kind === 'review_requested' ? null : 'main',
    ...changes,
  });
}

const KINDS: Readonly<Record<keyof typeof CAUSES, FailureType>> = {
  dependabot: 'security_dependabot',
  vulnerability: 'security_dependabot',
  code_scan: 'security_code_scan',
  secret: 'security_secret',
  review: 'frontend_lint',
  platform_alert: 'platform_alert',
  play: 'frontend_types',
};

function kinds(): [string, PromptInput][] {
  return Object.entries(KINDS).flatMap(([name, type]): [string, PromptInput][] => {
    const cause = CAUSES[name as keyof typeof CAUSES];
    const owner = FAILURE_TYPES[type].owner;
    const again = reported(cause, {
      attempts: [failed(1, owner, { detail: 'The agent is blocked: no patched version.' })],
    });
    return [
      [`${name.replaceAll('_', '-')}-first`, ofCause(cause, type)],
      [`${name.replaceAll('_', '-')}-retry`, ofCause(cause, type, { remediation: again, attemptNumber: 2 })],
    ];
  });
}

/** Every prompt that people looked at, by the name of its file. */
export const GOLDEN_CASES: Readonly<Record<string, PromptInput>> = {
  ...Object.fromEntries(
    Object.keys(OF_AGENT).flatMap((name) => [
      [`${name}-first`, ofAgent(name, [])],
      [`${name}-retry`, ofAgent(name, [failed(1, name)])],
      [`${name}-last`, ofAgent(name, [failed(1, name), failed(2, name, { outcome: 'timeout', report: null })])],
    ]),
  ),
  ...Object.fromEntries(kinds()),
  'atlas-first-on-default-branch': promptInput({
    agent: agent('atlas'),
    classification: { ...classified('github_workflow', ['Invalid workflow file']), confidence: 0.41 },
    remediation: aRemediation({ branch: 'main', failedChecks: [] }),
    targetBranch: 'fix/github-workflow-aaaaaaaa',
    baseBranch: 'main',
    findings: [],
  }),
  'atlas-last-with-guidance': retryInput({
    agent: agent('atlas'),
    attemptNumber: 3,
    remediation: {
      ...retryInput().remediation,
      guidance: { text: 'Look at build.rs: it writes that file.', mode: 'replace', by: 'ada' },
    },
  }),
  'rex-after-lost-run': promptInput({
    remediation: aRemediation({
      attempts: [
        failed(1, 'rex', { outcome: 'infrastructure', report: null, detail: 'The image could not be pulled.' }),
      ],
      spawned: 1,
    }),
  }),
  'rex-cut': promptInput({
    budgetChars: 10_000,
    classification: classified(
      'rust_test',
      Array.from({ length: 900 }, (_, i) => `line ${i} of a long log`),
    ),
  }),
};
