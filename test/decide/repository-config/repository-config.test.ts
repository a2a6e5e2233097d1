import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allowedAgents,
  attemptLimit,
  type ConfigCase,
  ignoredChecks,
  judgeConfig,
} from '../../../src/decide/repository-config/apply.ts';
import { asReading } from '../../../src/decide/repository-config/reading.ts';
import { parseRepositoryConfig } from '../../../src/decide/repository-config/schema.ts';
import { aCheck } from '../../support/builders.ts';

const AGENTS = ['atlas', 'blaze', 'bolt', 'cipher', 'rex'];
const parse = (text: string) => parseRepositoryConfig(text, AGENTS);
const problem = (text: string): string => {
  const parsed = parse(text);
  return parsed.kind === 'invalid' ? parsed.problem : 'valid';
};

const failure: ConfigCase = {
  branch: 'topic',
  failureType: 'rust_clippy',
  owner: 'rex',
  pinned: null,
  agents: AGENTS,
  failedChecks: [aCheck('clippy', { workflowName: 'Rust CI' })],
  changedFiles: ['src/cart.rs', 'docs/cart.md'],
  hasCauses: false,
};

describe('reading .github/healer.yaml', () => {
  it('takes an empty file for no wish at all', () => {
    for (const text of ['', '# nothing yet\n', '{}', 'null']) {
      expect(parse(text).kind, text).toBe('valid');
      expect(judgeConfig(parse(text), failure)).toEqual({ kind: 'proceed' });
    }
  });

  it.each([
    ['enabled: maybe', /enabled: /],
    ['enable: true', /there is no enable/],
    ['agents:\n  allow: [batman]', /there is no agent batman \(there are atlas, /],
    ['agents:\n  allow: []', /agents\.allow: /],
    ['agents:\n  forbid: [rex]', /there is no agents\.forbid/],
    ['maxAttempts: 0', /maxAttempts: /],
    ['maxAttempts: many', /maxAttempts: /],
    ['approval: sometimes', /approval: must be always, never, or a list of failure types/],
    ['approval: [rust_clipy]', /approval\.0: there is no failure type rust_clipy/],
    ['paths: docs', /paths: /],
    ['- a list', /is not valid: /],
    ['enabled: [true', /it is not YAML/],
    ['a: &a [1,1]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]', /it is not YAML/],
    [`paths:\n  ignore: ["${'x'.repeat(70_000)}"]`, /it is larger than 64 KiB/],
  ])('says what is wrong with %j', (text, says) => {
    expect(problem(text)).toMatch(says);
    expect(problem(text)).toMatch(/^\.github\/healer\.yaml is not valid: /);
  });

  it('never throws, whatever somebody commits', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400, unit: 'binary' }), (text) => {
        expect(['valid', 'invalid']).toContain(parse(text).kind);
      }),
      { numRuns: 500 },
    );
  });

  it('comes back from the store as it was, and not at all when another version wrote it', () => {
    const reading = parse('maxAttempts: 2');
    expect(asReading(JSON.parse(JSON.stringify(reading)))).toEqual(reading);
    for (const other of [null, {}, { kind: 'strange' }, { kind: 'valid' }, { kind: 'valid', config: {} }])
      expect(asReading(other)).toBeNull();
  });
});

describe('what a repository says about a failure', () => {
  const TABLE: readonly { name: string; yaml: string; of?: Partial<ConfigCase>; gives: string }[] = [
    { name: 'switched off', yaml: 'enabled: false', gives: 'opted_out' },
    { name: 'approval for everything', yaml: 'approval: always', gives: 'needs_approval' },
    { name: 'approval for this type', yaml: 'approval: [release, rust_clippy]', gives: 'needs_approval' },
    { name: 'approval for another type', yaml: 'approval: [release]', gives: 'proceed' },
    { name: 'approval never', yaml: 'approval: never', gives: 'proceed' },
    { name: 'every changed file ignored', yaml: 'paths: { ignore: ["docs/*", "*.rs"] }', gives: 'opted_out' },
    { name: 'some changed files ignored', yaml: 'paths: { ignore: ["docs/**"] }', gives: 'proceed' },
    { name: 'changed files not known', yaml: 'paths: { ignore: ["*"] }', of: { changedFiles: null }, gives: 'proceed' },
    { name: 'no changed files', yaml: 'paths: { ignore: ["*"] }', of: { changedFiles: [] }, gives: 'proceed' },
    {
      name: 'an alert, whatever was changed',
      yaml: 'paths: { ignore: ["*"] }',
      of: { hasCauses: true },
      gives: 'proceed',
    },
    { name: 'the workflow ignored by name', yaml: 'workflows: { ignore: [rust-ci] }', gives: 'opted_out' },
    { name: 'another workflow ignored', yaml: 'workflows: { ignore: [nightly*] }', gives: 'proceed' },
    {
      name: 'one of two red workflows ignored',
      yaml: 'workflows: { ignore: [nightly*] }',
      of: { failedChecks: [...failure.failedChecks, aCheck('soak', { workflowName: 'Nightly soak' })] },
      gives: 'proceed',
    },
    { name: 'the branch ignored', yaml: 'branches: { ignore: [top*] }', gives: 'opted_out' },
    {
      name: 'branches of a folder ignored',
      yaml: 'branches: { ignore: [wip/*] }',
      of: { branch: 'wip/a/b' },
      gives: 'opted_out',
    },
    {
      name: 'a branch that only ends alike',
      yaml: 'branches: { ignore: [topic] }',
      of: { branch: 'my/topic' },
      gives: 'proceed',
    },
    { name: 'the owner denied: the default agent has it', yaml: 'agents: { deny: [rex] }', gives: 'proceed' },
    { name: 'owner and default agent denied', yaml: 'agents: { deny: [Rex, atlas] }', gives: 'agent_not_allowed' },
    { name: 'only others allowed', yaml: 'agents: { allow: [blaze] }', gives: 'agent_not_allowed' },
    {
      name: 'only others allowed, but a person asked for one',
      yaml: 'agents: { allow: [blaze] }',
      of: { pinned: 'blaze' },
      gives: 'proceed',
    },
    { name: 'not valid: a person has to say yes', yaml: 'enabled: maybe', gives: 'needs_approval' },
  ];

  it.each(TABLE)('$name: $gives', ({ yaml, of, gives }) => {
    const verdict = judgeConfig(parse(yaml), { ...failure, ...of });
    expect(verdict.kind === 'stop' ? verdict.reason.code : verdict.kind).toBe(gives);
    if (verdict.kind !== 'proceed') expect(verdict.reason.detail).toContain('.github/healer.yaml');
  });

  it('asks for approval when the configuration cannot be seen, and for nothing when there is none', () => {
    expect(judgeConfig({ kind: 'unreadable', problem: '403' }, failure).kind).toBe('needs_approval');
    expect(judgeConfig({ kind: 'absent' }, failure).kind).toBe('proceed');
  });

  it('can only lower the number of attempts', () => {
    expect(attemptLimit(3, parse('maxAttempts: 1'))).toBe(1);
    expect(attemptLimit(3, parse('maxAttempts: 9'))).toBe(3);
    expect(attemptLimit(3, parse(''))).toBe(3);
    expect(attemptLimit(3, parse('maxAttempts: 0'))).toBe(3);
    expect(attemptLimit(3, null)).toBe(3);
  });

  it('names the agents that are left, and the checks that are not wanted', () => {
    expect(allowedAgents(parse('agents: { allow: [rex, atlas], deny: [rex] }'), AGENTS)).toEqual(['atlas']);
    expect(allowedAgents({ kind: 'absent' }, AGENTS)).toEqual(AGENTS);
    const checks = [aCheck('a', { workflowName: 'Nightly' }), aCheck('b'), aCheck('c', { workflowName: null })];
    expect(ignoredChecks(parse('workflows: { ignore: ["nightly*"] }'), checks)).toEqual(['a']);
  });
});
