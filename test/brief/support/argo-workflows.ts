import { type Answers, ok } from './systems.ts';

/** A play whose tests failed; its group nodes only repeat it. */
export const PLAY = {
  metadata: { name: 'play-42', namespace: 'argo', annotations: {} as Record<string, string> },
  spec: {},
  status: {
    phase: 'Failed',
    message: 'child play-42-1861 failed',
    startedAt: '2026-11-20T11:30:00Z',
    finishedAt: '2026-11-20T11:45:00Z',
    progress: '2/3',
    nodes: {
      'play-42': { id: 'play-42', name: 'play-42', displayName: 'play-42', type: 'DAG', phase: 'Failed' },
      'play-42-1860': {
        id: 'play-42-1860',
        name: 'play-42.build',
        displayName: 'build',
        type: 'Pod',
        templateName: 'build',
        phase: 'Succeeded',
      },
      'play-42-1861': {
        id: 'play-42-1861',
        name: 'play-42.test',
        displayName: 'test',
        type: 'Pod',
        templateName: 'run-tests',
        phase: 'Failed',
        message: 'Error (exit code 101)',
        outputs: { exitCode: '101' },
      },
    },
  },
};

export const LOG = [
  { result: { content: 'running 3 tests', podName: 'play-42-run-tests-1861' } },
  { result: { content: 'test cart::discount ... FAILED', podName: 'play-42-run-tests-1861' } },
];

export const listOf = (items: readonly object[]) => ({ metadata: {}, items });
const { nodes: _, ...statusWithoutNodes } = PLAY.status;
/** As the list has it when only some fields are asked for. */
export const LISTED = { metadata: PLAY.metadata, spec: {}, status: statusWithoutNodes };

/** The stand-in for Argo Workflows below `/workflows`. */
export const workflowsAnswers: Answers = ({ path }) => {
  const [, , , , namespace, name, what] = path.replace('/workflows', '').split('/');
  if (!path.startsWith('/workflows/api/v1/workflows/') || namespace !== 'argo') return undefined;
  if (name === undefined) return ok(listOf([LISTED]));
  if (name !== PLAY.metadata.name) return undefined;
  if (what === 'log') return ok(`${LOG.map((line) => JSON.stringify(line)).join('\n')}\n{"result":{"cont`);
  return ok(PLAY);
};
