import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Engine, JobState, Observed } from '../../src/coderun/engine.ts';
import type { CodeRun, CodeRunDraft } from '../../src/coderun/schema.ts';
import { PermanentError } from '../../src/lib/errors.ts';
import { until } from '../coderun/support/until.ts';

/** An engine with a repository that its runs can clone and push to. */
export interface EngineBench {
  readonly engine: Engine;
  /** A CodeRun whose agent is this shell script, run in the clone. */
  draft(script: string, change?: { ordinal?: number; taskId?: string }): CodeRunDraft;
  close(): Promise<void>;
}

const status = { status: 'True', reason: 'Accepted', message: 'ok', observedGeneration: 1 } as const;
const ACCEPTED = { ...status, type: 'Accepted', lastTransitionTime: '2026-01-02T03:04:05Z' } as const;
const REPORTED = { ...ACCEPTED, type: 'Reported', reason: 'Reported' } as const;

/** What every engine keeps to about the documents. */
export function codeRunsContract(name: string, open: () => Promise<EngineBench>): void {
  describe(`CodeRuns kept by the ${name} engine`, () => {
    let bench: EngineBench;
    let engine: Engine;
    beforeEach(async () => {
      bench = await open();
      engine = bench.engine;
    });
    afterEach(() => bench.close());
    const patch = async (run: CodeRun, change: Parameters<Engine['patchStatus']>[2]) => {
      const after = await engine.patchStatus(run.name, run.resourceVersion, change);
      if (after === null) throw new Error('refused');
      return after;
    };

    it('gives back what was created, pending and uncancelled', async () => {
      const draft = bench.draft('true');
      const { codeRun, existed } = await engine.create(draft);
      expect(existed).toBe(false);
      expect(codeRun).toMatchObject({ ...draft, cancelRequested: false, status: { phase: 'Pending', conditions: [] } });
      expect(await engine.get(draft.name)).toEqual(codeRun);
    });

    it('creates one of many that ask for the same name at once', async () => {
      const draft = bench.draft('true');
      const made = await Promise.all(Array.from({ length: 8 }, () => engine.create(draft)));
      expect(made.filter(({ existed }) => !existed)).toHaveLength(1);
      expect(new Set(made.map(({ codeRun }) => codeRun.uid)).size).toBe(1);
    });

    it('refuses a name that something else has, and names both', async () => {
      const draft = bench.draft('true', { taskId: 'ci-1' });
      await engine.create(draft);
      const other = { ...bench.draft('true', { taskId: 'ci-2' }), name: draft.name };
      const refusal = await engine.create(other).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(PermanentError);
      expect(String(refusal)).toMatch(/ci-1.*ci-2/);
    });

    it('knows nothing of a name that was never created', async () => {
      expect(await engine.get('healer-ci-rex-00000000')).toBeNull();
      expect(await engine.output('healer-ci-rex-00000000', 100)).toBeNull();
      await engine.requestCancel('healer-ci-rex-00000000');
    });

    it('changes only the named fields of a status and never erases one [R12]', async () => {
      const { codeRun } = await engine.create(bench.draft('true'));
      const pullRequestUrl = 'https://github.com/acme/shop/pull/1';
      const first = await patch(codeRun, { phase: 'Running', pullRequestUrl, conditions: [ACCEPTED] });
      const nothing = { pullRequestUrl: undefined, message: 'on it' } as unknown as Parameters<
        Engine['patchStatus']
      >[2];
      const second = await patch(first, nothing);
      expect(second.status).toMatchObject({
        phase: 'Running',
        pullRequestUrl,
        message: 'on it',
        conditions: [ACCEPTED],
      });
      expect(await engine.get(codeRun.name)).toEqual(second);
    });

    it('keeps every field of a status that is written [R3]', async () => {
      const { codeRun } = await engine.create(bench.draft('true'));
      const whole = {
        contextVersion: 1,
        phase: 'Succeeded',
        conditions: [ACCEPTED],
        message: 'm',
        jobName: 'j',
        configmapName: 'c',
        pullRequestUrl: 'https://github.com/acme/shop/pull/1',
        commitSha: 'a'.repeat(40),
        sessionId: 's',
        retryCount: 2,
        startedAt: '2026-01-02T03:04:05Z',
        finishedAt: '2026-01-02T03:04:05Z',
        expireAt: '2026-01-02T03:04:05Z',
        workCompleted: true,
        usage: { inputTokens: 1, outputTokens: 2, costUsd: 0.5 },
        result: { status: 'fixed', summary: 's' },
      } as const;
      expect((await patch(codeRun, { ...whole, conditions: [ACCEPTED] })).status).toEqual(whole);
    });

    it('forgets what a whole status does not name: a further attempt begins', async () => {
      const { codeRun } = await engine.create(bench.draft('true'));
      const ended = await patch(codeRun, { phase: 'Failed', contextVersion: 1, message: 'm', conditions: [REPORTED] });
      const fresh = { phase: 'Pending', contextVersion: 2, conditions: [], retryCount: 0 } as const;
      const after = await engine.patchStatus(ended.name, ended.resourceVersion, { ...fresh, conditions: [] }, true);
      expect(after?.status).toEqual(fresh);
    });

    it('refuses a write on what is no longer the newest, of many writers all but one', async () => {
      const { codeRun } = await engine.create(bench.draft('true'));
      const answers = await Promise.all(
        Array.from({ length: 5 }, (_, index) =>
          engine.patchStatus(codeRun.name, codeRun.resourceVersion, { message: `writer ${index}` }),
        ),
      );
      expect(answers.filter((answer) => answer !== null)).toHaveLength(1);
      expect(await engine.patchStatus(codeRun.name, codeRun.resourceVersion, { message: 'late' })).toBeNull();
    });

    it('lists a run as active until its end was reported', async () => {
      const { codeRun } = await engine.create(bench.draft('true'));
      const names = async () => (await engine.listActive()).map((run) => run.name);
      expect(await names()).toContain(codeRun.name);
      const ended = await patch(codeRun, { phase: 'Failed', finishedAt: '2026-01-02T03:04:05Z' });
      expect(await names()).toContain(codeRun.name);
      await patch(ended, { conditions: [REPORTED] });
      expect(await names()).not.toContain(codeRun.name);
    });

    it('remembers that a cancel was requested, once', async () => {
      const { codeRun } = await engine.create(bench.draft('true'));
      await engine.requestCancel(codeRun.name);
      const first = await engine.get(codeRun.name);
      await engine.requestCancel(codeRun.name);
      expect(first?.cancelRequested).toBe(true);
      expect(await engine.get(codeRun.name)).toEqual(first);
    });

    it('tells watchers of each change until they stop listening', async () => {
      const seen: string[] = [];
      const stop = engine.watch((changed) => seen.push(changed));
      const { codeRun } = await engine.create(bench.draft('true'));
      await until(() => seen.length >= 1);
      await engine.requestCancel(codeRun.name);
      await until(() => seen.length >= 2);
      stop();
      const count = seen.length;
      await engine.create(bench.draft('true', { ordinal: 2 }));
      expect(seen.slice(count)).toEqual([]);
      expect(new Set(seen)).toEqual(new Set([codeRun.name]));
    });
  });
}

/** What every engine keeps to about what runs. */
export function runsContract(name: string, open: () => Promise<EngineBench>): void {
  describe(`runs of the ${name} engine`, () => {
    let bench: EngineBench;
    let engine: Engine;
    beforeEach(async () => {
      bench = await open();
      engine = bench.engine;
    });
    afterEach(() => bench.close());

    const started = async (script: string, deadlineSeconds = 60) => {
      const { codeRun } = await engine.create(bench.draft(script));
      await engine.ensureFiles(codeRun);
      await engine.ensureJob(codeRun, deadlineSeconds);
      return codeRun;
    };
    const reach = async <S extends JobState['state']>(codeRun: CodeRun, state: S) =>
      until(async () => {
        const { job } = await engine.observe(codeRun);
        return job.state === state ? (job as Extract<JobState, { state: S }>) : null;
      });

    it('sees nothing of a run that nobody started', async () => {
      const { codeRun } = await engine.create(bench.draft('true'));
      const nothing: Observed = { fileSet: null, hasRemains: false, credentialsExpireAt: null, job: { state: 'none' } };
      expect(await engine.observe(codeRun)).toEqual(nothing);
      await engine.stopJob(codeRun, 'cancelled');
      await engine.cleanUp(codeRun);
    });

    it('names the file set by what is in it and leaves it alone afterwards [R8]', async () => {
      const { codeRun } = await engine.create(bench.draft('true'));
      await engine.ensureFiles(codeRun);
      const { fileSet } = await engine.observe(codeRun);
      expect(fileSet).toMatch(new RegExp(`^${codeRun.name}-files-[0-9a-f]{8}$`));
      await engine.ensureFiles(codeRun);
      expect((await engine.observe(codeRun)).fileSet).toBe(fileSet);
    });

    it('tells the end of a run with what the agent reported', async () => {
      const codeRun = await started(
        'echo mine >mine.txt; echo \'{"status":"fixed","summary":"done"}\' >"$HEALER_RESULT"',
      );
      const { exit, name: jobName } = await reach(codeRun, 'exited');
      expect(exit).toMatchObject({
        code: 0,
        cause: 'completed',
        result: { report: { status: 'fixed', summary: 'done' } },
      });
      expect(exit.result?.report?.commitSha).toMatch(/^[0-9a-f]{40}$/);
      expect(exit.finishedAt).toBeGreaterThanOrEqual(exit.startedAt);
      expect(jobName.length).toBeLessThanOrEqual(63);
      expect(await engine.output(codeRun.name, 65_536)).toContain('working on');
    });

    it('tells the code and the last words of a run that failed', async () => {
      const { exit } = await reach(await started('echo my last words; exit 9'), 'exited');
      expect(exit).toMatchObject({ code: 9, cause: 'completed' });
      expect(exit.outputTail).toContain('my last words');
    });

    it('does not start a run twice, not even after its end', async () => {
      const codeRun = await started('echo only >>"$HEALER_WORKSPACE/starts"; cat "$HEALER_WORKSPACE/starts"');
      await engine.ensureJob(codeRun, 60);
      await reach(codeRun, 'exited');
      await engine.ensureJob(codeRun, 60);
      expect((await engine.observe(codeRun)).job.state).toBe('exited');
      expect((await engine.output(codeRun.name, 65_536))?.split('only')).toHaveLength(2);
    });

    it('ends a run that is cancelled, and says so', async () => {
      const codeRun = await started('exec sleep 300');
      await reach(codeRun, 'running');
      await engine.stopJob(codeRun, 'cancelled');
      await engine.stopJob(codeRun, 'cancelled');
      expect((await reach(codeRun, 'exited')).exit.cause).toBe('cancelled');
      await engine.stopJob(codeRun, 'cancelled');
    });

    it('ends a run at its deadline by itself, and says so', async () => {
      const codeRun = await started('exec sleep 300', 1);
      expect((await reach(codeRun, 'exited')).exit.cause).toBe('deadline');
    });

    it('does not clean up under a run that is alive, and removes everything after it', async () => {
      const codeRun = await started('exec sleep 300');
      await reach(codeRun, 'running');
      await expect(engine.cleanUp(codeRun)).rejects.toThrow();
      expect((await engine.observe(codeRun)).job.state).toBe('running');
      await engine.stopJob(codeRun, 'cancelled');
      await reach(codeRun, 'exited');
      await engine.cleanUp(codeRun);
      await engine.cleanUp(codeRun);
      expect(await engine.observe(codeRun)).toMatchObject({ hasRemains: false, fileSet: null });
    });

    it('tells watchers when a run ends', async () => {
      const seen: string[] = [];
      const stop = engine.watch((changed) => seen.push(changed));
      const codeRun = await started('while [ ! -e "$HEALER_WORKSPACE/../go" ]; do sleep 0.02; done & sleep 0.05');
      await reach(codeRun, 'exited');
      await until(() => seen.filter((changed) => changed === codeRun.name).length >= 2);
      stop();
    });
  });
}
