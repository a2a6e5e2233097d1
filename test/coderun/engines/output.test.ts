import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openOutputLog, readOutput } from '../../../src/coderun/engines/local/output.ts';

let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'healer-output-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Text in which every place can be told apart. */
const text = (bytes: number) =>
  Array.from({ length: Math.ceil(bytes / 5) }, (_, index) => `${index}`.padStart(5, '.'))
    .join('')
    .slice(0, bytes);

describe('the bounded output of a run', () => {
  it('keeps its first and its last bytes, whole when it fits, however it arrives', () => {
    const chunks = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 12 });
    fc.assert(
      fc.property(
        chunks,
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 30, max: 300 }),
        (sizes, headBytes, tailBytes) => {
          count += 1;
          const path = join(folder, `output-${count}.log`);
          const whole = text(sizes.reduce((sum, size) => sum + size, 0));
          const log = openOutputLog(path, { headBytes, tailBytes });
          let at = 0;
          for (const size of sizes) {
            log.write(Buffer.from(whole.slice(at, at + size)));
            at += size;
            const live = readOutput(path, 50) ?? '';
            const [end = '', start = ''] = live.split('\n[healer: output left out]\n').toReversed();
            expect(whole.slice(0, at).endsWith(end)).toBe(true);
            expect(whole.slice(0, headBytes).endsWith(start)).toBe(true);
          }
          log.finish();
          const kept = readOutput(path, 1_000_000) ?? '';
          if (whole.length <= headBytes + tailBytes) expect(kept).toBe(whole);
          else {
            expect(kept.startsWith(whole.slice(0, headBytes))).toBe(true);
            expect(kept.endsWith(whole.slice(-tailBytes))).toBe(true);
            const left = whole.length - headBytes - tailBytes;
            expect(kept).toContain(`[healer: ${left} bytes of output left out]`);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('never takes more room than it may, not even on the way', () => {
    const path = join(folder, 'flood.log');
    const log = openOutputLog(path, { headBytes: 100, tailBytes: 1000 });
    for (let i = 0; i < 500; i += 1) {
      log.write(Buffer.alloc(333, 'x'));
      const taken = readdirSync(folder)
        .filter((name) => name.startsWith('flood'))
        .map((name) => statSync(join(folder, name)).size);
      expect(taken.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(2100);
    }
    log.finish();
    expect(readdirSync(folder).filter((name) => name.startsWith('flood'))).toEqual(['flood.log']);
  });

  it('is nothing where nothing was written', () => {
    expect(readOutput(join(folder, 'none.log'), 100)).toBeNull();
  });
});
