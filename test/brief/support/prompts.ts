import { resolve } from 'node:path';
import type { ChangedFile } from '../../../src/brief/evidence.ts';
import { loadTemplates } from '../../../src/brief/prompt/load.ts';
import type { PromptInput } from '../../../src/brief/prompt/render.ts';
import type { Agent } from '../../../src/model/agent.ts';
import type { Classification, ContextFinding } from '../../../src/model/evidence.ts';
import { FAILURE_TYPES, type FailureType } from '../../../src/model/failure-type.ts';
import { createRedactor } from '../../../src/safety/index.ts';
import { aCheck, anAttempt, aRemediation, aReport } from '../../support/builders.ts';

export const PROMPTS = resolve(import.meta.dirname, '../../../prompts');
export const templates = loadTemplates(PROMPTS);
export const NONCE = '0123456789abcdef01234567';

export function agent(name: string): Agent {
  const found = templates.agents.find((one) => one.name === name);
  if (found === undefined) throw new Error(`${name} is an agent`);
  return found;
}

export function classified(failureType: FailureType, lines: readonly string[]): Classification {
  const { owner, category, title } = FAILURE_TYPES[failureType];
  return {
    agent: owner,
    failureType,
    category,
    transient: false,
    confidence: 0.94,
    rule: failureType.replaceAll('_', '-'),
    reason: `The log of the failed step shows ${title}.`,
    fingerprint: 'f'.repeat(16),
    evidence: lines.slice(0, 2).map((text, i) => ({ line: 812 + i, text, rule: 'sample', weight: 3 - i })),
    excerpt: { text: lines.join('\n'), ranges: [[810, 809 + lines.length]], lines: lines.length, totalLines: 4_821 },
  };
}

export function finding(source: string, body: string | null, changes: Partial<ContextFinding> = {}): ContextFinding {
  return {
    source,
    status: body === null ? 'failed' : 'found',
    durationMs: 120,
    summary: body === null ? 'Gave no answer within 8000 ms.' : `What ${source} knows.`,
    body,
    url: null,
    truncated: false,
    ...changes,
  };
}

/** A first attempt of Rex, unless `changes` say otherwise. */
export function promptInput(changes: Partial<PromptInput> = {}): PromptInput {
  return {
    remediation: aRemediation({ workflowName: 'healer-ci', url: 'https://github.test/acme/shop/actions/runs/41' }),
    agent: agent('rex'),
    classification: classified('rust_clippy', [
      'error: this expression creates a reference which is immediately dereferenced by the compiler',
      '  --> crates/cart/src/total.rs:41:18',
      '   |',
      '41 |     let sum = add(&lines);',
    ]),
    findings: [
      finding('annotations', 'crates/cart/src/total.rs:41 failure (clippy): needless borrow'),
      finding(
        'changed-files',
        'Branch feature against main changes 1 file.\n\nmodified crates/cart/src/total.rs (+2 -1)',
      ),
      finding('pull-request', null, { status: 'timed_out' }),
    ],
    targetBranch: 'feature',
    baseBranch: null,
    attemptNumber: 1,
    maxAttempts: 3,
    nonce: NONCE,
    budgetChars: 60_000,
    redactor: createRedactor(),
    ...changes,
  };
}

/** The second attempt, after one that left the check red. */
export function retryInput(changes: Partial<PromptInput> = {}): PromptInput {
  const lastAttemptFiles: readonly ChangedFile[] = [
    {
      path: 'crates/cart/src/lib.rs',
      status: 'modified',
      additions: 1,
      deletions: 1,
      patch: '@@ -3,1 +3,1 @@\n-    add(&&lines)\n+    add(&lines)',
    },
  ];
  const attempt = anAttempt({
    endedAt: 1,
    outcome: 'ci_still_failing',
    report: aReport({ summary: 'Removed a borrow in lib.rs and ran cargo clippy for that crate.' }),
    detail: 'Still red on bbbbbbbb: clippy.',
    stillRed: ['clippy'],
  });
  return promptInput({
    remediation: aRemediation({ attempts: [attempt], spawned: 1, headSha: 'b'.repeat(40), failedChecks: [aCheck()] }),
    attemptNumber: 2,
    lastAttemptFiles,
    ...changes,
  });
}
