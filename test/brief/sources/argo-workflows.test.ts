import { beforeEach, describe, expect, it } from 'vitest';
import { type ArgoWorkflowsConfig, argoWorkflows } from '../../../src/brief/sources/argo-workflows/index.ts';
import { createHttpClient } from '../../../src/lib/http.ts';
import type { PlayFailedSignal } from '../../../src/model/signal.ts';
import { aRemediation } from '../../support/builders.ts';
import { LISTED, LOG, listOf, PLAY, workflowsAnswers } from '../support/argo-workflows.ts';
import { published } from '../support/published.ts';
import { anAlert, anAlertRemediation, findingOf, useStandIn } from '../support/systems.ts';

const standIn = useStandIn();
const http = createHttpClient({ userAgent: 'healer/test' });
const source = (changes: Partial<ArgoWorkflowsConfig> = {}) =>
  argoWorkflows(http, {
    url: `${standIn().url}/workflows`,
    namespace: 'argo',
    selector: 'repository={repository}',
    ...changes,
  });
const play = (playId: string) => {
  const cause: PlayFailedSignal = {
    kind: 'play_failed',
    playId,
    taskId: '7',
    stage: 'testing',
    repository: 'acme/shop',
    branch: 'feature',
    message: 'tests failed',
    logs: null,
  };
  return aRemediation({ kind: 'play', causes: [cause], failedChecks: [] });
};
const SAID = [
  'Workflow play-42: Failed (2026-11-20T11:30:00Z to 2026-11-20T11:45:00Z): child play-42-1861 failed',
  '  step test (template run-tests): Failed, exit code 101: Error (exit code 101)',
  '    running 3 tests',
  '    test cart::discount ... FAILED',
];

describe('the source argo-workflows', () => {
  beforeEach(() => {
    standIn().asked.length = 0;
    standIn().answers = workflowsAnswers;
  });

  it('tells how the workflow of a play failed, with the log of the step that did', async () => {
    const finding = await findingOf(source(), play('play-42'));
    expect(finding).toMatchObject({
      status: 'found',
      summary: '1 workflow of acme/shop; play-42 is Failed.',
      url: `${standIn().url}/workflows/workflows/argo/play-42`,
    });
    expect(finding.body?.split('\n')).toEqual(SAID);
    expect(standIn().asked.at(-1)?.query.get('podName')).toBe('play-42-run-tests-1861');
  });

  it('lists the failed workflows of the repository by their labels when the event names none', async () => {
    const finding = await findingOf(source(), aRemediation({ failureType: 'release' }));
    const [list] = standIn().asked;
    expect(list?.query.get('listOptions.labelSelector')).toBe(
      'repository=acme-shop,workflows.argoproj.io/phase in (Failed,Error)',
    );
    expect(finding.body?.split('\n')).toEqual(SAID);
  });

  it('finds the workflow that an alert names', async () => {
    const labels = { alertname: 'WorkflowFailed', workflow: 'play-42', namespace: 'argo' };
    const finding = await findingOf(source({ namespace: '' }), anAlertRemediation([anAlert({ labels })]));
    expect(finding.body?.split('\n')).toEqual(SAID);
  });

  it('asks only what Argo Workflows publishes, and its stand-in answers in the published shapes', async () => {
    const api = published('argo-workflows-3.6.2.json');
    await findingOf(source(), aRemediation({ failureType: 'release' }));
    expect(standIn().asked.length).toBe(3);
    expect(standIn().asked.flatMap((asked) => api.unknownIn(asked, '/workflows'))).toEqual([]);
    const shape = (name: string): string => `io.argoproj.workflow.v1alpha1.${name}`;
    expect(api.problem(shape('WorkflowList'), listOf([LISTED, PLAY]))).toBeNull();
    for (const line of LOG) expect(api.problem(shape('LogEntry'), line.result)).toBeNull();
  });

  it('asks for the pod under its old name when the workflow says so', async () => {
    const old = {
      ...PLAY,
      metadata: { ...PLAY.metadata, annotations: { 'workflows.argoproj.io/pod-name-format': 'v1' } },
    };
    standIn().answers = (asked) =>
      asked.path.endsWith('/play-42') ? { status: 200, body: old } : workflowsAnswers(asked);
    await findingOf(source(), play('play-42'));
    expect(standIn().asked.at(-1)?.query.get('podName')).toBe('play-42-1861');
  });

  it('does not take every text for the name of a workflow', async () => {
    standIn().answers = (asked) =>
      asked.path.endsWith('/argo') ? { status: 200, body: { metadata: {}, items: null } } : workflowsAnswers(asked);
    const finding = await findingOf(source(), play('../../secrets'));
    expect(finding).toMatchObject({ status: 'empty', summary: 'No failed workflow of acme/shop is known.' });
    expect(standIn().asked.map((asked) => asked.path)).toEqual(['/workflows/api/v1/workflows/argo']);
  });

  it('says that a log is gone', async () => {
    standIn().answers = (asked) => (asked.path.endsWith('/log') ? { status: 200, body: '' } : workflowsAnswers(asked));
    const { body } = await findingOf(source(), play('play-42'));
    expect(body).toContain('    its log is gone');
  });

  it('is not asked about a failing unit test, and says when it is not configured', async () => {
    const test = aRemediation({ failureType: 'rust_test', workflowName: 'healer-ci' });
    expect((await findingOf(source(), test)).status).toBe('not_relevant');
    expect((await findingOf(argoWorkflows(http, null), play('x'))).status).toBe('not_configured');
    expect(standIn().asked).toEqual([]);
  });
});
