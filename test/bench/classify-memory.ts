/** Streams the log named on the command line as `healer classify` does, and prints speed and the greatest resident size. */
import { existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { startSmall } from '../../src/app/memory.ts';

startSmall();
const { createClassifier } = await import('../../src/decide/classify/index.ts');
const { loadRules } = await import('../../src/decide/route/load.ts');

const rules = loadRules(join(import.meta.dirname, '../../routing-rules'));
const start = performance.now();
const classifier = createClassifier(rules);
const file = openSync(process.argv[2]!, 'r');
const chunk = Buffer.allocUnsafeSlow(256 * 1024);
let total = 0;
for (let length = readSync(file, chunk); length > 0; length = readSync(file, chunk)) {
  classifier.push(chunk.subarray(0, length));
  total += length;
}
const { agent } = classifier.finish({});
const seconds = (performance.now() - start) / 1000;
const resident = greatestResident() / 1024;
console.log(`${Math.round(total / 1e6 / seconds)} MB/s wall, ${Math.round(resident)} MB resident at most (${agent})`);

/** KiB. What `getrusage` reports starts with the size of the process that started this one, so Linux is asked itself. */
function greatestResident(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const found = /^VmHWM:\s+(\d+) kB/m.exec(status);
  return found ? Number(found[1]) : process.resourceUsage().maxRSS;
}
