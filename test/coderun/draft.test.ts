import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draftCodeRun } from '../../src/coderun/draft.ts';
import { specSchema } from '../../src/coderun/schema.ts';
import { PermanentError } from '../../src/lib/errors.ts';
import { DRAFT_INPUT, draft } from './support/drafts.ts';

describe('the draft of a CodeRun', () => {
  it('is the same for the same attempt, whenever it is made', () => {
    expect(draft()).toEqual(draft());
    expect(draft().name).toBe('healer-ci-rex-2f3fb5fa');
  });

  it('is named differently for another thing, lineage, attempt or salt, and not for another prompt', () => {
    const { name } = draft();
    const others = [{ subjectKey: 'ci:acme/shop:next' }, { lineageId: 'other' }, { ordinal: 2 }, { salt: '1' }];
    const names = others.map((change) => draft(change).name);
    expect(new Set([name, ...names]).size).toBe(5);
    expect(draft({ prompt: 'something else' }).name).toBe(name);
  });

  it('carries the exact text in annotations and valid values in labels', () => {
    const branch = `feature/${'ü'.repeat(30)}_${'long-'.repeat(20)}_`;
    const { labels, annotations } = draft({ branch });
    expect(annotations['healer/branch']).toBe(branch);
    expect(labels['healer/branch']).toMatch(/^feature-/);
    expect(labels).toMatchObject({
      'app.kubernetes.io/name': 'healer',
      'app.kubernetes.io/managed-by': 'healer',
      'healer/agent': 'rex',
      'healer/failure-type': 'rust_clippy',
      'healer/workflow-run-id': '4711',
      'healer/task-id': 'ci-4711',
      'healer/attempt': '1',
      'healer/repository': 'acme-shop',
    });
    expect(draft({ runId: null }).labels).not.toHaveProperty('healer/workflow-run-id');
  });

  it('gives the agent the environment of the contract', () => {
    expect(draft({ branch: 'fix/x', baseBranch: 'main' }).spec.env).toEqual({
      HEALER_TASK_ID: 'ci-4711',
      FAILURE_TYPE: 'rust_clippy',
      WORKFLOW_RUN_ID: '4711',
      PR_NUMBER: '12',
      TARGET_BRANCH: 'fix/x',
      BASE_BRANCH: 'main',
      REPOSITORY: 'acme/shop',
      CODERUN_NAME: draft().name,
    });
  });

  it('refuses a branch that would be read as an option', () => {
    expect(() => draft({ branch: '--upload-pack=evil' })).toThrow(PermanentError);
  });

  it('has a valid name and valid labels whatever the names involved', () => {
    const word = fc.string({ minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(word, word, word, (agent, repository, taskId) => {
        const made = draftCodeRun({
          ...DRAFT_INPUT,
          agent: { name: agent, githubApp: 'App' },
          repository: `acme/${repository}`,
          taskId,
        });
        expect(made.name).toMatch(/^healer-ci-[a-z0-9]([a-z0-9-]*[a-z0-9])?-[0-9a-f]{8}$/);
        expect(made.name.length).toBeLessThanOrEqual(63);
        for (const value of Object.values(made.labels)) {
          expect(value).toMatch(/^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/);
        }
        expect(made.spec.service).toMatch(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/);
      }),
    );
  });
});

describe('the schema of a CodeRun', () => {
  it('takes an object of the schema in use and fills in its defaults', () => {
    expect(specSchema.parse({ service: 'shop', repositoryUrl: 'https://github.com/acme/shop', taskId: 7 })).toEqual({
      service: 'shop',
      repositoryUrl: 'https://github.com/acme/shop',
      taskId: '7',
      runType: 'implementation',
      docsBranch: 'main',
      workingDirectory: '.',
      contextVersion: 1,
      continueSession: false,
      overwriteMemory: false,
      freshWorkspace: false,
      promptMode: 'append',
      env: {},
      envFromSecrets: [],
      toolConfig: 'default',
      enableDocker: false,
    });
  });

  it.each([
    ['no service', { repositoryUrl: 'x' }],
    ['no repository', { service: 'x' }],
    ['an unknown run type', { service: 'x', repositoryUrl: 'x', runType: 'dance' }],
    ['attempt zero', { service: 'x', repositoryUrl: 'x', contextVersion: 0 }],
    ['a variable that is no name', { service: 'x', repositoryUrl: 'x', env: { 'A B': '' } }],
  ])('refuses %s', (_title, spec) => {
    expect(specSchema.safeParse(spec).success).toBe(false);
  });
});
