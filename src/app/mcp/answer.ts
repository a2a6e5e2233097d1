import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import type { FastifyRequest } from 'fastify';
import { createMcpServer } from './server.ts';

export interface McpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** One request, one server: nothing is remembered between two. */
export async function answerMcp(
  tools: Parameters<typeof createMcpServer>[0],
  request: FastifyRequest,
): Promise<McpAnswer> {
  const server = createMcpServer(tools, (tool, error) =>
    request.log.error({ err: error, tool }, 'a tool of the MCP server failed'),
  );
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  try {
    await server.connect(transport);
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) {
      if (typeof value === 'string' && name !== 'content-length') headers.set(name, value);
    }
    const asked = new Request('http://localhost/mcp', { method: 'POST', headers });
    const answer = await transport.handleRequest(asked, { parsedBody: request.body });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  } finally {
    await server.close();
  }
}
