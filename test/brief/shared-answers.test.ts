import { describe, expect, it } from 'vitest';
import { type SharedAnswers, sharedAnswers } from '../../src/brief/shared-answers.ts';
import { NOON } from '../support/clock.ts';

/** A system that is asked; its answers come when the test says so. */
function aSystem() {
  const asked: { readonly signal: AbortSignal; answer: (value: string) => void; fail: (error: Error) => void }[] = [];
  const read = (signal: AbortSignal): Promise<string> =>
    new Promise((resolve, reject) => {
      asked.push({ signal, answer: resolve, fail: reject });
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  return { asked, read };
}

/** One who asks, and may stop waiting. */
function asker(share: SharedAnswers<string>, { read }: ReturnType<typeof aSystem>, now = NOON, key = 'pods') {
  const control = new AbortController();
  const answer = share({ key, now, signal: control.signal }, read);
  answer.catch(() => {});
  return { answer, leave: () => control.abort(new Error('time is up')) };
}

describe('answers that are shared', () => {
  it('are read once for all who ask at the same time', async () => {
    const [share, system] = [sharedAnswers<string>(), aSystem()];
    const askers = [asker(share, system), asker(share, system), asker(share, system)];
    expect(system.asked).toHaveLength(1);
    system.asked[0]?.answer('three pods');
    expect(await Promise.all(askers.map(({ answer }) => answer))).toEqual(Array(3).fill('three pods'));
  });

  it('serve for two seconds, and are read anew then', async () => {
    const [share, system] = [sharedAnswers<string>(), aSystem()];
    const first = asker(share, system);
    system.asked[0]?.answer('old');
    await first.answer;
    expect(await asker(share, system, NOON + 1_999).answer).toBe('old');
    const late = asker(share, system, NOON + 2_000);
    system.asked[1]?.answer('new');
    expect(await late.answer).toBe('new');
  });

  it('are other ones for other questions', () => {
    const [share, system] = [sharedAnswers<string>(), aSystem()];
    asker(share, system, NOON, 'pods of shop');
    asker(share, system, NOON, 'pods of till');
    expect(system.asked).toHaveLength(2);
  });

  it('are not kept when they are errors, which everybody who waits is told', async () => {
    const [share, system] = [sharedAnswers<string>(), aSystem()];
    const [first, second] = [asker(share, system), asker(share, system)];
    system.asked[0]?.fail(new Error('forbidden'));
    await expect(first.answer).rejects.toThrow('forbidden');
    await expect(second.answer).rejects.toThrow('forbidden');
    const third = asker(share, system);
    system.asked[1]?.answer('allowed by now');
    expect(await third.answer).toBe('allowed by now');
  });

  it('go on being read when one of those who wait leaves', async () => {
    const [share, system] = [sharedAnswers<string>(), aSystem()];
    const [first, second] = [asker(share, system), asker(share, system)];
    first.leave();
    await expect(first.answer).rejects.toThrow('time is up');
    expect(system.asked[0]?.signal.aborted).toBe(false);
    system.asked[0]?.answer('three pods');
    expect(await second.answer).toBe('three pods');
  });

  it('are not read on when nobody waits any longer', async () => {
    const [share, system] = [sharedAnswers<string>(), aSystem()];
    const [first, second] = [asker(share, system), asker(share, system)];
    first.leave();
    second.leave();
    await expect(second.answer).rejects.toThrow('time is up');
    expect(system.asked[0]?.signal.aborted).toBe(true);
    const third = asker(share, system);
    system.asked[1]?.answer('three pods');
    expect(await third.answer).toBe('three pods');
  });
});
