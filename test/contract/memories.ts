import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HORIZON_MS } from '../../src/learn/decay.ts';
import type { Memory, RecallQuery } from '../../src/learn/memories/memory.ts';
import type { RememberedOutcome } from '../../src/store/outcomes.ts';
import { anOutcome } from '../brief/support/past.ts';
import { NOON } from '../support/clock.ts';

export interface MemoryCase {
  readonly name: string;
  /** An empty memory, with what lets go of it. */
  open(): Promise<{ readonly memory: Memory; readonly close: () => Promise<unknown> }>;
}

const never = new AbortController().signal;
const id = (number: number): string => `01JD${String(number).padStart(22, '0')}`;
const QUERY: RecallQuery = {
  fingerprint: 'f00d',
  failureType: 'rust_clippy',
  repository: 'acme/shop',
  words: '',
  limit: 20,
  exceptRemediation: id(0),
  now: NOON,
};

/** What every memory keeps to. */
export function memoryContract({ name, open }: MemoryCase): void {
  describe(`the memory ${name}`, () => {
    let opened: Awaited<ReturnType<MemoryCase['open']>>;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());
    const remember = (number: number, changes: Partial<RememberedOutcome> = {}): Promise<void> => {
      const own = { remediationId: id(number), taskId: `ci-${number}` };
      return opened.memory.remember(anOutcome({ ...own, ...changes }), never);
    };
    const recall = async (changes: Partial<RecallQuery> = {}) => {
      const found = await opened.memory.recall({ ...QUERY, ...changes }, never);
      return found.map(({ taskId, match }) => `${taskId} ${match}`);
    };

    it('is named like its folder', () => {
      expect(opened.memory.name).toBe(name);
    });

    it('gives back the whole of what it was told', async () => {
      const told = anOutcome({
        remediationId: id(7),
        approach: 'Zeile 1\nпривет “quoted” \\ back',
        stillRed: ['clippy', 'a, b'],
        costUsd: 0.125,
        outcome: 'ci_still_failing',
      });
      await opened.memory.remember(told, never);
      const [found] = await opened.memory.recall(QUERY, never);
      expect(found).toEqual({ ...told, match: 'fingerprint', sameRepository: true, held: null });
    });

    it('remembers an attempt once, as it was told last', async () => {
      await remember(1, { approach: 'first' });
      await remember(1, { approach: 'second', endedAt: NOON + 1 });
      const found = await opened.memory.recall(QUERY, never);
      expect(found.map(({ approach }) => approach)).toEqual(['second']);
    });

    it('tells the same breakage first, then its type, and nothing of the remediation that asks', async () => {
      await remember(0);
      await remember(1, { fingerprint: 'beef', endedAt: NOON - 1 });
      await remember(2, { endedAt: NOON - 2 });
      await remember(3, { repository: 'acme/till', endedAt: NOON - 1 });
      await remember(4, { outcome: 'infrastructure' });
      expect(await recall()).toEqual(['ci-2 fingerprint', 'ci-3 fingerprint', 'ci-1 failure_type']);
      expect(await recall({ limit: 1 })).toEqual(['ci-2 fingerprint']);
    });

    it('says of a success whether the breakage came back', async () => {
      const before = NOON - 10_000;
      await remember(1, { startedAt: before - 1, endedAt: before });
      await remember(2, { startedAt: NOON - 1, endedAt: NOON });
      const found = await opened.memory.recall(QUERY, never);
      expect(found.map(({ taskId, held }) => `${taskId} ${held}`)).toEqual(['ci-2 true', 'ci-1 false']);
    });

    it('finds by the words of the log what was called otherwise', async () => {
      const approach = 'Raised the timeout of the frobnicator probe';
      await remember(1, { fingerprint: 'beef', failureType: 'helm_template', approach });
      expect(await recall({ words: 'frobnicator probe timeout exceeded' })).toEqual(['ci-1 words']);
    });

    it('forgets what is only alike after six half-lives, and never the same breakage', async () => {
      const long = NOON - HORIZON_MS - 1;
      await remember(1, { endedAt: long, startedAt: long });
      await remember(2, { fingerprint: 'beef', endedAt: long, startedAt: long });
      expect(await recall()).toEqual(['ci-1 fingerprint']);
    });
  });
}
