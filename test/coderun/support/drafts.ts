import { type DraftInput, draftCodeRun } from '../../../src/coderun/draft.ts';
import type { CodeRun, CodeRunDraft } from '../../../src/coderun/schema.ts';
import { INITIAL_STATUS } from '../../../src/coderun/schema.ts';

export const DRAFT_INPUT: DraftInput = {
  kind: 'ci',
  subjectKey: 'ci:acme/shop:main',
  lineageId: '01J0000000000000000000LINE',
  taskId: 'ci-4711',
  repository: 'acme/shop',
  repositoryUrl: 'https://github.com/acme/shop.git',
  branch: 'main',
  baseBranch: null,
  agent: { name: 'rex', githubApp: '5DLabs-Rex' },
  failureType: 'rust_clippy',
  runId: 4711,
  pullRequest: 12,
  ordinal: 1,
  prompt: 'Repair it. `rm -rf /` is only text here, $HOME too.',
  cli: 'Claude',
  model: 'claude-opus-4-5-20251101',
  deadlineSeconds: 60,
  salt: '',
};

export function draft(change: Partial<DraftInput> = {}): CodeRunDraft {
  return draftCodeRun({ ...DRAFT_INPUT, ...change });
}

/** An agent that is a shell script. */
export function scripted(script: string, change: Partial<DraftInput> = {}): CodeRunDraft {
  return draft({ ...change, cli: { cliType: 'command', settings: { command: ['bash', '-c', script] } } });
}

export function codeRun(change: Partial<CodeRun> = {}, from: CodeRunDraft = draft()): CodeRun {
  return {
    ...from,
    uid: '00000000-0000-4000-8000-000000000001',
    generation: 1,
    resourceVersion: '1',
    status: INITIAL_STATUS,
    createdAt: 0,
    cancelRequested: false,
    ...change,
  };
}
