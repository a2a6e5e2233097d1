import { describe, expect, it } from 'vitest';
import { readWorkflow } from '../../src/cli/demo/github/workflow-file.ts';

const JOBS = 'jobs:\n  test:\n    steps:\n      - run: npm test\n';
const read = (head: string, branch = 'topic/one') => readWorkflow('ci.yml', `${head}\n${JOBS}`, branch);

describe('reading a workflow file', () => {
  it('names jobs and steps as GitHub does when the file does not', () => {
    const workflow = readWorkflow(
      '.github/workflows/ci.yml',
      'on: push\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n      - run: |\n          one\n          two\n  b:\n    name: Second\n    needs: a\n    steps:\n      - name: Named\n        run: x\n        env: { N: 1 }\n        working-directory: sub\n',
      'main',
    );
    expect(workflow?.name).toBe('.github/workflows/ci.yml');
    expect(workflow?.jobs.map(({ key, name, needs }) => ({ key, name, needs }))).toEqual([
      { key: 'a', name: 'a', needs: [] },
      { key: 'b', name: 'Second', needs: ['a'] },
    ]);
    expect(workflow?.jobs.flatMap((job) => job.steps.map((step) => step.name))).toEqual([
      'Run actions/checkout@v4',
      'Run one',
      'Named',
    ]);
    expect(workflow?.jobs[1]?.steps[0]).toMatchObject({ env: { N: '1' }, workingDirectory: 'sub' });
  });

  it('runs only on pushes to branches that the file names', () => {
    expect(read('on: push')).not.toBeNull();
    expect(read('on: [pull_request, push]')).not.toBeNull();
    expect(read('on: pull_request')).toBeNull();
    expect(read('on: { push: { branches: [main] } }')).toBeNull();
    expect(read('on: { push: { branches: ["topic/*"] } }')).not.toBeNull();
    expect(read('on: { push: { branches: ["*"] } }')).toBeNull();
    expect(read('on: { push: { branches: ["**"] } }')).not.toBeNull();
    expect(read('on: { push: { branches: ["topic.one"] } }')).toBeNull();
  });

  it('refuses what is no workflow', () => {
    expect(() => readWorkflow('ci.yml', 'on: push', 'main')).toThrow('no jobs');
    expect(() => readWorkflow('ci.yml', 'on: [push', 'main')).toThrow();
  });
});
