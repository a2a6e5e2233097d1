import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { NodeAnswers, NodeRequest } from './control.ts';

export type Answerers = {
  readonly [K in NodeRequest['do']]: (
    question: Extract<NodeRequest, { do: K }>,
  ) => NodeAnswers[K] | Promise<NodeAnswers[K]>;
};

/** Where tests tell the node what to do (see `askNode`). */
export async function startControlServer(socketPath: string, answerers: Answerers): Promise<Server> {
  rmSync(socketPath, { force: true });
  const server = createServer(async (request, response) => {
    try {
      let text = '';
      for await (const piece of request.setEncoding('utf8')) text += piece;
      const question = JSON.parse(text) as NodeRequest;
      const answer = await answerers[question.do](question as never);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error));
    }
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return server;
}
