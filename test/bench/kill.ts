/**
 * `npm run bench:kill [-- --kills 200] [--quick]`: SIGKILL at random moments under load. The whole service by default;
 * `--quick` takes only doors, decisions and store. Exit code 1 when a promise was broken.
 */
import { parseArgs } from 'node:util';
import { temporaryFolder } from '../support/service.ts';
import { killAndCount } from './kill-harness.ts';
import { quickVictims, wholeVictims } from './kill-victims.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '200' }, quick: { type: 'boolean', default: false } },
});
const folder = temporaryFolder();
const quick = values.quick ? quickVictims() : null;
const whole = wholeVictims({
  GITHUB_API_URL: 'http://127.0.0.1:9',
  HEALER_LIMITS_SETTLE_SECONDS: '3600',
  LOG_LEVEL: 'info',
});
const began = performance.now();
const { faults, ...figures } = await killAndCount({
  dir: folder.path,
  kills: Number(values.kills),
  start: quick ?? whole,
  path: '/api/remediate/ci-failure',
  senders: 16,
  withinMs: 400,
  withinAnswers: 400,
});
quick?.end();
folder.remove();
console.log({ ...figures, faults: faults.length, seconds: Math.round((performance.now() - began) / 1_000) });
for (const fault of faults.slice(0, 20)) console.log(fault);
process.exitCode = faults.length === 0 && figures.acknowledged > 0 ? 0 : 1;
