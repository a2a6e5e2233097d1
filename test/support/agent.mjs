// The agent of the acceptance tests: what it does in which attempt stands in a file that a test writes. It edits and
// commits like an agent; it thinks nothing. `node agent.mjs <plan file>`.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const { env } = process;
const [, , planFile] = process.argv;
const plans = JSON.parse(readFileSync(planFile, 'utf8'));
const plan = plans[env.HEALER_TASK_ID] ?? plans[env.BASE_BRANCH || env.TARGET_BRANCH] ?? plans['*'] ?? ['blocked'];
const attempt = Number(env.HEALER_ATTEMPT ?? 1);
const words = String(plan[attempt - 1] ?? plan.at(-1)).split(' then ');

const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim();
const report = (result) => writeFileSync(env.HEALER_RESULT, JSON.stringify(result));
const besidePlan = (name) => join(dirname(planFile), name);

const acts = {
  commit: () => {
    writeFileSync(`repair-${attempt}.txt`, `${env.CODERUN_NAME}\n`);
    git('add', '--all');
    git('commit', '--quiet', '--message', `Repair ${attempt} of ${env.HEALER_TASK_ID}`);
    report({ status: 'fixed', summary: `Wrote repair-${attempt}.txt.` });
  },
  // Green without a repair, and what takes that back.
  'mute-tests': () => edit('cart.test.ts', (text) => text.replaceAll('it(', 'it.skip(')),
  'restore-tests': () => edit('cart.test.ts', (text) => text.replaceAll('it.skip(', 'it(')),
  nothing: () => {},
  'say-fixed': () => report({ status: 'fixed', summary: 'It works on my machine.' }),
  'say-other-commit': () =>
    report({ status: 'fixed', summary: 'See my commit.', commit_sha: 'deadbeefdeadbeefdeadbeefdeadbeefdeadbeef' }),
  'say-no-change': () => report({ status: 'no_change_needed', summary: 'The runner was at fault.' }),
  blocked: () => report({ status: 'blocked', summary: 'A person has to change a setting.' }),
  leak: () => {
    console.log(`found ${readFileSync(besidePlan('leak.txt'), 'utf8')} in the log`);
    acts.commit();
    report({ status: 'fixed', summary: `The value ${readFileSync(besidePlan('leak.txt'), 'utf8')} was in the way.` });
  },
  'leak and give up': () => {
    console.log(`found ${readFileSync(besidePlan('leak.txt'), 'utf8')} in the log`);
    report({ status: 'blocked', summary: `This is in the way: ${readFileSync(besidePlan('leak.txt'), 'utf8')}` });
  },
  fail: () => {
    console.error('the agent gave up');
    process.exitCode = 1;
  },
  'exit-75': () => {
    process.exitCode = 75;
  },
};

function edit(path, change) {
  writeFileSync(path, change(readFileSync(path, 'utf8')));
  acts.commit();
}

/** Tells that it is at work, with a child of its own, and goes on when the test lets it. */
function held() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const release = besidePlan(`release-${env.CODERUN_NAME}`);
  return new Promise((done) => {
    const watcher = watch(dirname(planFile), () => {
      if (!existsSync(release)) return;
      watcher.close();
      child.kill();
      done();
    });
    writeFileSync(besidePlan(`working-${env.CODERUN_NAME}`), JSON.stringify({ agent: process.pid, child: child.pid }));
  });
}

for (const word of words) {
  if (word === 'wait') await held();
  else acts[word]();
}
