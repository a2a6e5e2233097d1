import { afterAll, describe, expect, it } from 'vitest';
import { killAndCount } from '../bench/kill-harness.ts';
import { quickVictims } from '../bench/kill-victims.ts';
import { temporaryFolder } from '../support/service.ts';

const KILLS = 50;

describe('SIGKILL at a random moment under load', () => {
  const folder = temporaryFolder();
  const victims = quickVictims();
  afterAll(() => {
    victims.end();
    folder.remove();
  });

  it('loses nothing that was acknowledged, and acts on nothing twice, fifty times', async () => {
    const report = await killAndCount({
      dir: folder.path,
      kills: KILLS,
      start: victims,
      path: '/api/remediate/ci-failure',
      senders: 8,
      withinMs: 60,
      withinAnswers: 40,
    });
    expect(report.faults).toEqual([]);
    expect(report.kills).toBe(KILLS);
    // It proves nothing when the service was never busy, or never killed in the middle of something.
    expect(report.acknowledged).toBeGreaterThan(KILLS);
    expect(report.keptFirst).toBeGreaterThan(KILLS);
    expect(report.inboxesLeft).toBeGreaterThan(KILLS / 4);
    expect(report.brokenOff).toBeGreaterThan(KILLS);
    expect(report.remediations).toBeGreaterThan(KILLS / 4);
  });
});
