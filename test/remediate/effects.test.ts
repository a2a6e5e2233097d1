import { describe, expect, it } from 'vitest';
import { PHASES, type Phase, type Remediation } from '../../src/model/remediation.ts';
import { type Effect, effectKey, isWanted } from '../../src/remediate/effects.ts';
import { NOON } from '../support/clock.ts';
import { inPhase } from './phases.ts';

describe('the key of a duty', () => {
  const effects: readonly Effect[] = [
    { kind: 'gather', ordinal: 1, round: 5 },
    { kind: 'gather', ordinal: 1, round: 6 },
    { kind: 'gather', ordinal: 2, round: 5 },
    { kind: 'spawn', ordinal: 1, briefId: 'b1' },
    { kind: 'spawn', ordinal: 2, briefId: 'b1' },
    { kind: 'cancel_run', ordinal: 1 },
    { kind: 'cancel_run', ordinal: 2 },
    { kind: 'rerun' },
    { kind: 'read_checks', ordinal: 1, phase: 'verifying' },
    { kind: 'read_checks', ordinal: 1, phase: 'rerunning' },
    { kind: 'read_checks', ordinal: 2, phase: 'verifying' },
    { kind: 'open_pull_request', ordinal: 1 },
    { kind: 'comment' },
  ];

  it('is one for each duty of each remediation', () => {
    const keys = ['r1', 'r2'].flatMap((id) => effects.map((effect) => effectKey(id, effect)));
    expect(new Set(keys).size).toBe(2 * effects.length);
  });

  it('is the same for an attempt’s CodeRun, whatever its brief', () => {
    const key = (briefId: string) => effectKey('r1', { kind: 'spawn', ordinal: 1, briefId });
    expect(key('b1')).toBe(key('b2'));
  });
});

describe('an effect is wanted only while it serves', () => {
  const wantedIn = (effect: Effect, changes: Partial<Remediation> = {}): readonly Phase[] =>
    PHASES.filter((phase) => isWanted(effect, inPhase(phase, changes)));

  it.each<[string, Effect, readonly Phase[]]>([
    ['gather', { kind: 'gather', ordinal: 1, round: NOON }, ['gathering']],
    ['gather of an earlier round', { kind: 'gather', ordinal: 1, round: NOON - 1 }, []],
    ['gather for another attempt', { kind: 'gather', ordinal: 2, round: NOON }, []],
    ['spawn', { kind: 'spawn', ordinal: 1, briefId: 'b' }, ['working']],
    ['spawn of another attempt', { kind: 'spawn', ordinal: 2, briefId: 'b' }, []],
    ['rerun', { kind: 'rerun' }, ['rerunning', 'verifying']],
    ['read the agent’s checks', { kind: 'read_checks', ordinal: 1, phase: 'verifying' }, ['verifying']],
    ['read an earlier attempt’s checks', { kind: 'read_checks', ordinal: 0, phase: 'verifying' }, []],
    ['read the re-run’s checks', { kind: 'read_checks', ordinal: 0, phase: 'rerunning' }, ['rerunning']],
    ['cancel_run', { kind: 'cancel_run', ordinal: 1 }, PHASES],
    ['comment', { kind: 'comment' }, PHASES],
  ])('%s', (_, effect, phases) => {
    expect(wantedIn(effect)).toEqual(phases);
  });

  it('a pull request also after CI was green, but only for the last attempt and only one', () => {
    const open: Effect = { kind: 'open_pull_request', ordinal: 1 };
    expect(wantedIn(open, { pullRequest: null })).toEqual(['verifying', 'succeeded']);
    expect(wantedIn(open, { pullRequest: null, spawned: 2 })).toEqual([]);
    expect(wantedIn(open, { pullRequest: 12 })).toEqual([]);
  });

  it('a CodeRun not after its attempt has ended', () => {
    const [attempt] = inPhase('retrying').attempts;
    const over = attempt === undefined ? [] : [attempt];
    expect(wantedIn({ kind: 'spawn', ordinal: 1, briefId: 'b' }, { attempts: over })).toEqual([]);
  });
});
