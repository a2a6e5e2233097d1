// probot as its own `probot run` starts it: its server, its log at the level it begins with, one listener that does
// nothing. It authenticates and parses each delivery, calls the listener and answers; it keeps nothing.
import { createServer } from 'node:net';
import { run } from 'probot';

const free = createServer().listen(0, '127.0.0.1');
await new Promise((done) => free.once('listening', done));
const { port } = free.address();
await new Promise((done) => free.close(done));

await run((app) => app.on('workflow_job', async () => {}), {
  env: {
    APP_ID: '1',
    PRIVATE_KEY: process.env.BENCH_PRIVATE_KEY,
    WEBHOOK_SECRET: process.env.GITHUB_WEBHOOK_SECRET,
    HOST: '127.0.0.1',
    PORT: String(port),
    NODE_ENV: 'production',
  },
});
process.stdout.write(`${JSON.stringify({ msg: 'listening', url: `http://127.0.0.1:${port}` })}\n`);
