import { describe, expect, it } from 'vitest';
import { play } from '../../../../src/intake/sources/play/index.ts';
import { NOBODY } from '../../../../src/intake/sources/source.ts';
import type { PlayFailedSignal } from '../../../../src/model/signal.ts';
import { PLAY_FAILURE } from '../../support/alerts.ts';

const read = (fields: object) => play.normalise('play_failure', { ...PLAY_FAILURE, ...fields }, NOBODY);
const signal = (fields: object) => read(fields).signals[0] as PlayFailedSignal;

describe('the failure of a play', () => {
  it('says which stage of which play failed where, and with what logs', () => {
    expect(read({}).signals).toEqual([
      {
        kind: 'play_failed',
        playId: 'play-2026-07-01',
        taskId: 'task-7',
        stage: 'implementation',
        repository: 'acme/shop',
        branch: 'feature/cart',
        message: 'The stage ended with exit code 1',
        logs: 'line one\nerror: no such file\n',
      },
    ]);
  });

  it.each([[undefined], [null], ['']])('needs no logs: %j', (logs) => {
    expect(signal({ logs }).logs).toBeNull();
  });

  it('keeps the end of long logs, from the beginning of a line, clean', () => {
    const logs = `${'an early line\n'.repeat(20_000)}\u001b[31merror\u001b[0m: the cause\u0000\n`;
    const kept = signal({ logs }).logs ?? '';
    expect(kept.length).toBeLessThanOrEqual(131_072);
    expect(kept.startsWith('an early line\n')).toBe(true);
    expect(kept.endsWith('\nerror: the cause\n')).toBe(true);
  });

  it('keeps the end of one endless line', () => {
    expect(signal({ logs: `${'x'.repeat(300_000)}end` }).logs?.endsWith('xend')).toBe(true);
  });

  it.each([
    [{ play_id: undefined }, ['play_id']],
    [{ task_id: '../7' }, []],
    [{ task_id: 'a b' }, ['task_id']],
    [{ task_id: '$(id)' }, ['task_id']],
    [{ stage: ' ' }, ['stage']],
    [{ repository: 'shop' }, ['repository']],
    [{ branch: '--force' }, ['branch']],
    [{ message: null, logs: 5 }, ['message', 'logs']],
  ])('with %j has errors at %j', (fields, paths) => {
    expect(read(fields).errors.map(({ path }) => path)).toEqual(paths);
  });
});
