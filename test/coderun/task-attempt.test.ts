import { describe, expect, it } from 'vitest';
import { settingsSchema } from '../../src/app/settings.ts';
import { chooseAttempt } from '../../src/app/task-attempt.ts';
import { repositoryReader } from '../../src/app/task-inputs.ts';
import { taskBranch, taskKey, taskRunName } from '../../src/coderun/task.ts';

type Submission = Parameters<typeof chooseAttempt>[0];
type Earlier = Parameters<typeof chooseAttempt>[2];

const submission = (more: Partial<Submission> = {}): Submission => ({
  task_id: '7',
  context_version: undefined,
  continue_session: false,
  prompt_modification: undefined,
  ...more,
});
const ended = (attempt: number, digest = 'other'): Earlier[number] => ({
  name: `run-${attempt}`,
  attempt,
  digest,
  live: 0,
  how: 'failed',
});
const live = (attempt: number): Earlier[number] => ({ ...ended(attempt), live: 1, how: null });

describe('which attempt a submission is', () => {
  it.each([
    ['the first of a new task', submission(), [], 1],
    ['the one it names, also of a new task', submission({ context_version: 4 }), [], 4],
    ['the next one when the session goes on', submission({ continue_session: true }), [ended(2), ended(1)], 3],
    ['the next one when something is different', submission({ prompt_modification: 'x' }), [ended(1)], 2],
    ['the one it names when that is later', submission({ context_version: 5 }), [ended(2)], 5],
    [
      'the one it names, even when the same was submitted before',
      submission({ context_version: 2 }),
      [ended(1, 'd')],
      2,
    ],
  ] as const)('is %s', (_title, given, earlier, attempt) => {
    expect(chooseAttempt(given, 'd', earlier)).toEqual({ kind: 'attempt', attempt });
  });

  it.each([
    ['the same was submitted before', submission(), [ended(2), ended(1, 'd')], 'run-1', /same was submitted before/],
    [
      'it is a retry that was submitted before',
      submission({ prompt_modification: 'x' }),
      [ended(2, 'd')],
      'run-2',
      /same/,
    ],
    ['the attempt is taken', submission({ context_version: 1 }), [ended(2), ended(1)], 'run-1', /Attempt 1 .* run-1/],
    ['an earlier attempt is named', submission({ context_version: 2 }), [ended(3)], 'run-3', /only grows/],
    ['the latest is under way', submission({ continue_session: true }), [live(2)], 'run-2', /wait for it, or cancel/],
    [
      'a later attempt is named while one is under way',
      submission({ context_version: 3 }),
      [live(2)],
      'run-2',
      /under way/,
    ],
    ['it does not say that it is a retry', submission(), [ended(1)], 'run-1', /context_version 2/],
  ] as const)('is none when %s', (_title, given, earlier, name, detail) => {
    expect(chooseAttempt(given, 'd', earlier)).toEqual({ kind: 'exists', name, detail: expect.stringMatching(detail) });
  });
});

describe('the name of a task', () => {
  const task = {
    runType: 'implementation',
    repository: 'acme/shop',
    service: 'shop',
    taskId: '7',
    agent: 'rex',
  } as const;

  it('is the same for the same attempt of the same task, and another for every other', () => {
    expect(taskRunName(task, 1)).toBe(taskRunName({ ...task }, 1));
    const others = [
      taskRunName(task, 2),
      taskRunName({ ...task, taskId: '8' }, 1),
      taskRunName({ ...task, service: 'till' }, 1),
      taskRunName({ ...task, repository: 'acme/till' }, 1),
      taskRunName({ ...task, runType: 'documentation' }, 1),
      taskRunName({ ...task, agent: 'blaze' }, 1),
    ];
    expect(new Set([taskRunName(task, 1), ...others]).size).toBe(7);
    expect(taskKey(task)).toBe(taskKey({ ...task, repository: 'Acme/Shop' }));
  });

  it('fits Kubernetes, whatever the parts are', () => {
    const long = { ...task, agent: 'x'.repeat(100), taskId: 'T'.repeat(63) };
    expect(taskRunName(long, 1)).toMatch(/^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/);
    expect(taskBranch(long).length).toBeLessThan(80);
  });
});

describe('the repository of a submission', () => {
  const reader = (cloneUrl?: string) =>
    repositoryReader(settingsSchema.parse({ github: cloneUrl === undefined ? {} : { cloneUrl } }));

  it.each([
    'acme/shop',
    'https://github.com/acme/shop',
    'https://github.com/acme/shop.git',
    'https://GitHub.com/acme/shop/',
    'git@github.com:acme/shop.git',
    'ssh://git@github.com/acme/shop.git',
  ])('is read from %s', (written) => {
    expect(reader()(written)).toBe('acme/shop');
  });

  it.each([
    'https://evil.example/acme/shop',
    'https://github.com.evil.example/acme/shop',
    'https://github.com@evil.example/acme/shop',
    'git@evil.example:acme/shop.git',
    'https://github.com/acme/shop/tree/main',
    '../shop',
    'acme/..',
    'file:///etc/passwd',
    'https://github.com/../..',
  ])('is none of ours when it is %s: the token goes nowhere else', (written) => {
    expect(reader()(written)).toBeNull();
  });

  it('is that of the GitHub that Healer is connected to', () => {
    const enterprise = reader('https://git.acme.example:8443/{repository}.git');
    expect(enterprise('https://git.acme.example/acme/shop')).toBe('acme/shop');
    expect(enterprise('https://github.com/acme/shop')).toBeNull();
  });
});
