import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CodeRunSpec } from '../../src/coderun/schema.ts';
import { Container } from './support/container.ts';
import { Remote } from './support/git.ts';

let container: Container;
beforeEach(() => {
  container = new Container();
});
afterEach(() => container.close());

const COMMIT = 'echo done >work.txt; git add work.txt; git commit --quiet --message "do it"';
/** A run that somebody asked for, on a branch of its own that does not exist yet. */
const task = (more: Partial<CodeRunSpec> = {}): Partial<CodeRunSpec> => ({
  runType: 'implementation',
  taskId: '7',
  service: 'shop',
  branch: 'healer/shop-7',
  env: { TARGET_BRANCH: 'healer/shop-7' },
  cliConfig: { cliType: 'claude', model: 'm', settings: {} },
  ...more,
});

/** Another repository beside the one that is worked on. */
function another(name: string, branch: string, files: Record<string, string>): Remote {
  mkdirSync(container.path(name));
  const remote = new Remote(container.path(name));
  remote.commit(branch, files);
  return remote;
}

describe.each(['implementation', 'documentation'] as const)('an %s run', (runType) => {
  it('works on a new branch from the default one, and pushes it for a pull request', async () => {
    const { code, result, output } = await container.run({ spec: task({ runType }), script: COMMIT });
    expect(code, output).toBe(0);
    expect(result?.report).toMatchObject({ status: 'fixed', commitSha: container.remote.head('healer/shop-7') });
    expect(container.remote.subjects('healer/shop-7')).toEqual(['do it', 'the first commit']);
    expect(container.remote.subjects('main')).toEqual(['the first commit']);
    const rules = readFileSync(container.path('home/.claude/CLAUDE.md'), 'utf8');
    expect(rules).toContain('You are working on a task');
    expect(rules).toContain('only after you saw it work');
  });
});

describe('a task', () => {
  it('goes on with its branch in the next attempt', async () => {
    await container.run({ spec: task(), script: COMMIT });
    const { result } = await container.run({
      spec: task({ contextVersion: 2 }),
      script: 'cat work.txt; echo more >more.txt; git add .; git commit -qm "do more"',
    });
    expect(result?.report?.commitSha).toBe(container.remote.head('healer/shop-7'));
    expect(container.remote.subjects('healer/shop-7')).toEqual(['do more', 'do it', 'the first commit']);
  });

  it('has a branch of its own when none is named', async () => {
    const { branch: _, ...spec } = task();
    // The drafts of tests name a branch; a task without one says so by leaving it empty.
    const { seen } = await container.run({ spec: { ...spec, branch: undefined } as never, script: COMMIT });
    expect(seen?.env['TARGET_BRANCH']).toBe('healer/shop-7');
  });

  it('is never worked on the default branch', async () => {
    const { code, result, seen } = await container.run({ spec: task({ branch: 'main' }), script: COMMIT });
    expect(code).toBe(75);
    expect(result?.summary).toContain('main is the default branch');
    expect(seen).toBeNull();
  });

  it('is not pushed over a branch that moved so that its commits no longer apply', async () => {
    await container.run({ spec: task(), script: COMMIT });
    const meanwhile = container.path('meanwhile');
    const { result } = await container.run({
      spec: task({ contextVersion: 2 }),
      script: [
        `git clone -q -b healer/shop-7 ${container.remote.url} ${meanwhile}`,
        `(cd ${meanwhile} && echo theirs >work.txt && git -c user.name=a -c user.email=a@b commit -qam theirs && git push -q)`,
        'echo ours >work.txt; git commit -qam ours',
      ].join('\n'),
    });
    expect(result?.report).toMatchObject({ status: 'blocked', commitSha: null });
    expect(container.remote.read('healer/shop-7', 'work.txt')).toBe('theirs');
  });
});

describe('documents', () => {
  it('are cloned from their branch and folder, the platform beside them', async () => {
    const docs = another('docs', 'trunk', { 'projects/shop/task-7.md': 'Sell things.\n' });
    const platform = another('platform-repository', 'main', { 'README.md': 'The platform.\n' });
    const { output, seen } = await container.run({
      spec: task({
        docsRepositoryUrl: docs.url,
        docsBranch: 'trunk',
        docsProjectDirectory: 'projects/shop',
        platformRepositoryUrl: platform.url,
      }),
      script: 'cat "$HEALER_DOCS/task-7.md" "$HEALER_PLATFORM/README.md"',
    });
    expect(output).toContain('Sell things.\nThe platform.');
    expect(seen?.env['HEALER_DOCS']).toBe(container.path('work/documents/projects/shop'));
    expect(readFileSync(container.path('home/.claude/CLAUDE.md'), 'utf8')).toContain('$HEALER_PLATFORM');
  });

  it('are those of the platform repository when no others are named', async () => {
    const platform = another('platform-repository', 'main', { 'task-7.md': 'Sell things.\n' });
    const { output, seen } = await container.run({
      spec: task({ platformRepositoryUrl: platform.url }),
      script: 'cat "$HEALER_DOCS/task-7.md"',
    });
    expect(output).toContain('Sell things.');
    expect(seen?.env['HEALER_PLATFORM']).toBe(seen?.env['HEALER_DOCS']);
  });

  it('are read as they are now, in a workspace that an earlier run left', async () => {
    const docs = another('docs', 'main', { 'task-7.md': 'old\n' });
    const spec = task({ docsRepositoryUrl: docs.url });
    await container.run({ spec });
    docs.commit('main', { 'task-7.md': 'new\n' });
    expect((await container.run({ spec, script: 'cat "$HEALER_DOCS/task-7.md"' })).output).toContain('new');
  });

  it.each([
    ['the repository', { docsRepositoryUrl: 'file:///no/such/repository' }, /could not be cloned/],
    ['the branch', { docsBranch: 'nowhere' }, /could not be cloned.*nowhere/],
    ['the folder', { docsProjectDirectory: 'no/such' }, /folder no\/such does not exist/],
  ])('stop the run before an agent is paid for when %s is missing', async (_what, change, message) => {
    const docs = another('docs', 'main', { 'task-7.md': '' });
    const { code, result, seen } = await container.run({ spec: task({ docsRepositoryUrl: docs.url, ...change }) });
    expect(code).toBe(75);
    expect(result?.summary).toMatch(message);
    expect(seen).toBeNull();
  });

  it('come from the default branch where nobody named one and there is no main', async () => {
    const docs = another('docs', 'trunk', { 'task-7.md': 'Sell things.\n' });
    execFileSync('git', ['--git-dir', docs.path, 'symbolic-ref', 'HEAD', 'refs/heads/trunk']);
    execFileSync('git', ['--git-dir', docs.path, 'update-ref', '-d', 'refs/heads/main']);
    const { output } = await container.run({
      spec: task({ docsRepositoryUrl: docs.url }),
      script: 'cat "$HEALER_DOCS/task-7.md"',
    });
    expect(output).toContain('Sell things.');
  });
});

describe('acceptance criteria and what is different in this attempt', () => {
  it('reach the agent as files', async () => {
    const spec = task({
      prompt: 'Build it.',
      promptModification: 'Use the other HTTP client.',
      acceptanceCriteria: '- it answers 200',
    });
    const { seen, output } = await container.run({ spec, script: 'cat "$HEALER_FILES/acceptance-criteria.md"' });
    expect(seen?.stdin).toBe('Build it.\n\nUse the other HTTP client.\n\n## Acceptance criteria\n\n- it answers 200\n');
    expect(output).toContain('- it answers 200');
    const replaced = await container.run({ spec: { ...spec, promptMode: 'replace' } });
    expect(replaced.seen?.stdin).not.toContain('Build it.');
  });
});

/**
 * As the restricted security context of a cluster has it: user 1000, no way to more rights, a root that cannot be written.
 * Only root can become somebody else, and only where mounts are allowed can it make its root read-only.
 */
const isRoot = process.getuid?.() === 0;
const mayMount = isRoot && spawnSync('unshare', ['--mount', 'true']).status === 0;
const asUser = isRoot ? ['setpriv', '--reuid', '1000', '--regid', '1000', '--clear-groups', '--no-new-privs'] : [];

function restricted(folder: string): readonly string[] {
  if (!mayMount) return asUser;
  const mounts = `mount --bind '${folder}' '${folder}' && mount -o remount,bind,ro / && exec ${asUser.join(' ')} "$@"`;
  return ['unshare', '--mount', 'sh', '-c', mounts, 'sh'];
}

describe('a user without rights', () => {
  it('runs it, with nothing writable but home, temporary folder, workspace and result', async () => {
    if (isRoot) {
      // The result is a mounted file that cannot be replaced, only written; everything around it belongs to root.
      execFileSync('touch', [container.path('result.json')]);
      const own = ['work', 'home', 'tmp', 'remote.git'].map((name) => container.path(name));
      execFileSync('chown', ['-R', '1000:1000', ...own]);
      execFileSync('chmod', ['0755', container.folder]);
    }
    const { code, output, result, seen } = await container.run({
      spec: task(),
      through: restricted(container.folder),
      env: { HEALER_RESULT: container.path('tmp', 'result.json') },
      script: `${COMMIT}; id -u >"$HOME/uid"; touch /opt/written 2>/dev/null && echo "the root can be written"`,
      prints: '{"type":"system","session_id":"s-1"}',
    });
    const written = JSON.parse(readFileSync(container.path('tmp', 'result.json'), 'utf8'));
    expect(code, output).toBe(0);
    expect(result).toBeNull();
    const pushed = readFileSync(container.path('remote.git/refs/heads/healer/shop-7'), 'utf8').trim();
    expect(written).toMatchObject({ pushed_sha: pushed, session_id: 's-1' });
    if (isRoot) expect(output).not.toContain('the root can be written');
    if (isRoot) expect(readFileSync(container.path('home/uid'), 'utf8').trim()).toBe('1000');
    expect(seen).toBeNull();
    expect(readdirSync(container.path('tmp'))).toEqual(['result.json']);
    expect(statSync(container.path('home/.claude/CLAUDE.md')).mode & 0o777).toBe(0o600);
    expect(existsSync(container.path('work/tasks/implementation-7/session'))).toBe(true);
  });
});
