// probot at its leanest: its middleware on Node's own server, no request log, one listener that does nothing.
// It authenticates and parses each delivery, calls the listener and answers; it keeps nothing.
import { createServer } from 'node:http';
import { createNodeMiddleware, Probot } from 'probot';

const probot = new Probot({
  appId: 1,
  privateKey: process.env.BENCH_PRIVATE_KEY,
  secret: process.env.GITHUB_WEBHOOK_SECRET,
  logLevel: 'warn',
});
const middleware = await createNodeMiddleware((app) => app.on('workflow_job', async () => {}), { probot });
const server = createServer((request, response) => middleware(request, response, () => response.writeHead(404).end()));
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  process.stdout.write(`${JSON.stringify({ msg: 'listening', url, path: '/api/github/webhooks' })}\n`);
});
