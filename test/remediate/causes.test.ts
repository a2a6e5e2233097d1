import { describe, expect, it } from 'vitest';
import type { PlatformAlertSignal } from '../../src/model/signal.ts';
import { isWanted } from '../../src/remediate/effects.ts';
import { DEFAULT_POLICY } from '../../src/remediate/policy.ts';
import { transition } from '../../src/remediate/transition.ts';
import { aRemediation } from '../support/builders.ts';

function alert(name: string): PlatformAlertSignal {
  return {
    kind: 'platform_alert',
    channel: 'platform',
    status: 'firing',
    groupKey: name,
    repository: 'acme/shop',
    title: name,
    alerts: [],
    omittedAlerts: 0,
    url: null,
  };
}

const first = alert('DiskFull');
const second = alert('DiskSlow');
const joined = { kind: 'cause_joined', cause: second } as const;

describe('a cause that joins', () => {
  it.each(['received', 'deferred', 'awaiting_approval', 'retrying'] as const)(
    'is known to the next brief in phase %s',
    (phase) => {
      const before = aRemediation({ phase, phaseSince: 0, wakeAt: 50, causes: [first] });
      const { remediation, entries } = transition(before, joined, DEFAULT_POLICY, 10);
      expect(remediation).toMatchObject({ phase, wakeAt: 50, causes: [first, second] });
      expect(entries).toMatchObject([{ event: 'cause_joined' }]);
    },
  );

  it('has the evidence gathered anew when that is under way, and drops the round without it', () => {
    const before = aRemediation({ phase: 'gathering', phaseSince: 0, wakeAt: 50, causes: [first] });
    const { remediation, effects } = transition(before, joined, DEFAULT_POLICY, 10);
    expect(remediation.causes).toEqual([first, second]);
    expect(effects).toMatchObject([{ effect: { kind: 'gather', round: 10 } }]);
    expect(isWanted({ kind: 'gather', ordinal: remediation.spawned + 1, round: 0 }, remediation)).toBe(false);
  });

  it.each(['working', 'verifying', 'rerunning'] as const)('changes nothing in phase %s', (phase) => {
    const before = aRemediation({ phase, phaseSince: 0, wakeAt: 50, causes: [first] });
    expect(transition(before, joined, DEFAULT_POLICY, 10).remediation).toBe(before);
  });

  it('replaces what was known of the same cause without a word', () => {
    const again = { ...first, title: 'still full' };
    const before = aRemediation({ phase: 'gathering', phaseSince: 0, wakeAt: 50, causes: [first] });
    const result = transition(before, { kind: 'cause_joined', cause: again }, DEFAULT_POLICY, 10);
    expect(result.remediation.causes).toEqual([again]);
    expect(result.entries).toEqual([]);
    expect(result.effects).toEqual([]);
  });
});

describe('a cause that is resolved', () => {
  it('ends the remediation when it was the last one', () => {
    const before = aRemediation({ phase: 'deferred', wakeAt: 50, failedChecks: [], causes: [first] });
    const fact = { kind: 'cause_resolved', key: 'DiskFull', detail: 'It was resolved.' } as const;
    expect(transition(before, fact, DEFAULT_POLICY, 10).remediation).toMatchObject({
      phase: 'superseded',
      reason: { code: 'alert_resolved' },
    });
  });

  it('leaves the others to be repaired', () => {
    const before = aRemediation({ phase: 'deferred', wakeAt: 50, failedChecks: [], causes: [first, second] });
    const fact = { kind: 'cause_resolved', key: 'DiskFull', detail: 'It was resolved.' } as const;
    expect(transition(before, fact, DEFAULT_POLICY, 10).remediation).toMatchObject({
      phase: 'deferred',
      causes: [second],
    });
  });
});
