import { describe, expect, it } from 'vitest';
import { actionsPlace } from '../../../../src/intake/sources/github/actions-url.ts';

describe('the address of an Actions page', () => {
  it.each([
    ['https://github.com/acme/shop/actions/runs/9/job/31', { runId: 9, runAttempt: null, jobId: 31 }],
    ['https://github.com/acme/shop/actions/runs/9/job/31?pr=4#step:3:1', { runId: 9, runAttempt: null, jobId: 31 }],
    ['https://github.com/acme/shop/actions/runs/9', { runId: 9, runAttempt: null, jobId: null }],
    ['https://github.com/acme/shop/actions/runs/9/', { runId: 9, runAttempt: null, jobId: null }],
    ['https://github.com/acme/shop/actions/runs/9/attempts/2', { runId: 9, runAttempt: 2, jobId: null }],
    ['https://ghe.acme.example/Acme/Shop/actions/runs/9/job/31', { runId: 9, runAttempt: null, jobId: 31 }],
    // The number after `jobs` is not a job id.
    ['https://github.com/acme/shop/actions/runs/9/jobs/31', { runId: 9, runAttempt: null, jobId: null }],
  ])('%s leads to a run', (url, place) => {
    expect(actionsPlace(url, 'acme/shop')).toEqual(place);
  });

  it.each([
    [null],
    ['not an address'],
    ['https://github.com/acme/shop/runs/77'],
    ['https://github.com/acme/other/actions/runs/9/job/31'],
    ['https://github.com/acme/shop/actions/runs/0'],
    ['https://github.com/acme/shop/actions/runs/9x'],
    ['https://github.com/acme/shop/actions/runs/9007199254740993'],
    ['https://evil.example/x?y=/acme/shop/actions/runs/9'],
  ])('%s leads to none', (url) => {
    expect(actionsPlace(url, 'acme/shop')).toBeNull();
  });
});
