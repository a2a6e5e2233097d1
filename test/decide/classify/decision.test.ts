import { describe, expect, it } from 'vitest';
import { type ClassifyInput, classify } from '../../../src/decide/classify/index.ts';
import { actionsLog, classifyText, rules } from '../fixtures.ts';

const named = (input: Partial<ClassifyInput>) => classify({ log: null, ...input }, rules);

describe('without a log', () => {
  it('nothing known is Atlas’s, and the reason says what would settle it', () => {
    expect(named({})).toMatchObject({ agent: 'atlas', failureType: 'general', transient: false });
    expect(named({}).reason).toContain('the log would settle it');
  });

  it('is never sure', () => {
    const all = [
      named({}),
      named({ workflow: 'platform-ci', job: 'clippy', failedSteps: ['cargo clippy'] }),
      named({ workflow: 'helm-lint' }),
    ];
    for (const { confidence, reason } of all) {
      expect(confidence).toBeLessThan(0.5);
      expect(reason).toContain('log would settle it');
    }
  });

  it('a step’s name tells the type', () => {
    expect(named({ workflow: 'platform-ci', failedSteps: ['Run cargo clippy'] }).failureType).toBe('rust_clippy');
    expect(named({ job: 'eslint', failedSteps: ['npm run lint'] })).toMatchObject({
      agent: 'blaze',
      failureType: 'frontend_lint',
    });
  });
});

describe('the routing matrix', () => {
  const rows: [number, Partial<ClassifyInput>, string][] = [
    [1, { workflow: 'platform-ci', failedSteps: ['clippy'] }, 'rex'],
    [1, { workflow: 'controller-build', failedSteps: ['cargo test'] }, 'rex'],
    [1, { workflow: 'healer-nightly', changedFiles: ['src/main.rs'] }, 'rex'],
    [1, { workflow: 'x-ci', changedFiles: ['crates/a/Cargo.toml'] }, 'rex'],
    [2, { workflow: 'frontend-build', failedSteps: ['pnpm build'] }, 'blaze'],
    [2, { workflow: 'ui-checks', changedFiles: ['web/App.tsx'] }, 'blaze'],
    [2, { workflow: 'frontend-lint', changedFiles: ['package.json'] }, 'blaze'],
    [3, { workflow: 'infrastructure-images', failedSteps: ['docker build'] }, 'bolt'],
    [3, { workflow: 'docker-publish', changedFiles: ['api/Dockerfile'] }, 'bolt'],
    [3, { workflow: 'helm-release', changedFiles: ['charts/a/Chart.yaml'] }, 'bolt'],
    [4, { workflow: 'argocd-apps', failedSteps: ['argocd app sync'] }, 'bolt'],
    [4, { workflow: 'gitops-promote', changedFiles: ['infra/gitops/a.yaml'] }, 'bolt'],
    [4, { workflow: 'sync-apps', changedFiles: ['applications/a/values.yaml'] }, 'bolt'],
    [5, { workflow: 'secret_scanning_alert', job: 'secret scanning' }, 'cipher'],
    [6, { job: 'advisory check', changedFiles: ['Cargo.lock'] }, 'cipher'],
    [7, { failedSteps: ['fail on merge conflict'] }, 'atlas'],
    [8, { workflow: 'shop-release', failedSteps: ['docker push ghcr.io/acme/shop'] }, 'atlas'],
    [8, { workflow: 'deploy-staging', changedFiles: ['.github/workflows/deploy.yml'] }, 'atlas'],
  ];

  it.each(rows)('row %i: %j goes to %s', (row, input, agent) => {
    const result = named(input);
    expect(result.agent).toBe(agent);
    expect(result.rule).toMatch(new RegExp(`^row-${row}-`));
  });

  it('is tried from the top', () => {
    expect(named({ workflow: 'healer-ci', changedFiles: ['src/main.rs', 'package.json'] }).agent).toBe('rex');
  });

  it('gives way to what the failing step said', () => {
    const conflict = actionsLog({
      run: 'git merge main',
      output:
        'CONFLICT (content): Merge conflict in a.ts\nAutomatic merge failed; fix conflicts and then commit the result.',
      exit: 1,
    });
    const input = { log: conflict, workflow: 'frontend-build', changedFiles: ['src/a.ts', 'package.json'] };
    expect(classify(input, rules)).toMatchObject({ agent: 'atlas', failureType: 'git_merge_conflict' });
  });

  it('decides when the log says nothing', () => {
    const log = actionsLog({ run: './check.sh', output: 'checking…', exit: 3 });
    expect(classify({ log, workflow: 'helm-lint', changedFiles: ['Chart.yaml'] }, rules)).toMatchObject({
      agent: 'bolt',
    });
  });
});

describe('where keyword matching is wrong', () => {
  it.each([
    ['a branch name', 'Checking out fix-clippy-eslint-dependabot', 'general'],
    [
      'npm’s audit summary in passing',
      '8 vulnerabilities (2 moderate, 6 high)\nFAIL src/a.test.js\nTests:       1 failed, 1 total',
      'frontend_test',
    ],
    [
      'numbers that look like a status',
      'at 12:40:03.403 denied=0 id 4030403\nerror[E0308]: mismatched types',
      'rust_build',
    ],
    ['0 failed', 'test result: ok. 3 passed; 0 failed\nmain.c:1:1: error: boom', 'native'],
    ['successful logins', 'successfully authenticated\nerror[E0308]: mismatched types', 'rust_build'],
    [
      'warnings of another tool',
      'warning: needless borrow\n  = help: https://rust-lang.github.io/rust-clippy/master/x\nFAIL src/a.test.js',
      'frontend_test',
    ],
  ])('%s', (_, output, type) => {
    expect(classifyText(actionsLog({ run: './all.sh', output, exit: 1 })).failureType).toBe(type);
  });

  const image = (inner: string, code: number): string =>
    `#9 [4/6] RUN ./build.sh\n${inner}\n#9 ERROR: process "/bin/sh -c ./build.sh" did not complete successfully: exit code: ${code}\nERROR: failed to solve: process "/bin/sh -c ./build.sh" did not complete successfully: exit code: ${code}`;

  it('an image build is the inner tool’s when that one speaks', () => {
    expect(
      classifyText(image('#9 1.2 error[E0308]: mismatched types\n#9 1.3 error: could not compile `a` (lib)', 101))
        .agent,
    ).toBe('rex');
    expect(classifyText(image('#9 1.2 src/a.ts(1,2): error TS2322: no', 2)).agent).toBe('blaze');
  });

  it('an image build is the image’s when the tool is missing', () => {
    expect(classifyText(image('#9 0.3 /bin/sh: 1: cargo: not found', 127))).toMatchObject({
      agent: 'bolt',
      failureType: 'docker_build',
    });
  });

  it('an image build that says nothing else is the image’s', () => {
    expect(classifyText(image('#9 1.2 preparing', 1)).agent).toBe('bolt');
  });

  it('annotations of the check count as the failing step’s words', () => {
    const log = actionsLog({ run: './check.sh', output: 'done', exit: 1 });
    const result = classify({ log, annotations: ["src/a.ts(1,2): error TS2322: Type 'a' is not assignable"] }, rules);
    expect(result).toMatchObject({ agent: 'blaze', failureType: 'frontend_types' });
  });
});

describe('what may heal by itself', () => {
  it('is told apart from the type', () => {
    const output = 'npm ERR! code ERESOLVE\nnpm ERR! ERESOLVE could not resolve';
    expect(classifyText(actionsLog({ run: 'npm ci', output, exit: 1 })).transient).toBe(false);
    const network =
      'npm ERR! code ECONNRESET\nnpm ERR! network request to https://registry.npmjs.org/a failed, reason: read ECONNRESET';
    expect(classifyText(actionsLog({ run: 'npm ci', output: network, exit: 1 })).transient).toBe(true);
  });

  it('was survived when the step went on for long', () => {
    const on = Array.from({ length: 200 }, (_, i) => `compiling ${i}`).join('\n');
    const output = `curl: (6) Could not resolve host: example.org\nretrying\n${on}\nerror[E0308]: mismatched types`;
    expect(classifyText(actionsLog({ run: 'cargo build', output, exit: 101 }))).toMatchObject({
      agent: 'rex',
      transient: false,
    });
  });

  it('a compile error beside a slow network is not', () => {
    const output =
      'warning: spurious network error (2 tries remaining): [28] Timeout was reached\nerror[E0308]: mismatched types\nerror: could not compile `a` (lib)';
    expect(classifyText(actionsLog({ run: 'cargo build', output, exit: 101 })).transient).toBe(false);
  });
});
