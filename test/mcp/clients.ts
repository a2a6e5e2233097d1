import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { API_TOKEN } from '../support/world.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** What a tool answered. */
export interface Called {
  readonly isError: boolean;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into answers of many shapes
  readonly structured: any;
}

export interface Connected {
  readonly client: Client;
  call(name: string, given?: Record<string, unknown>): Promise<Called>;
  close(): Promise<void>;
}

async function connect(transport: Transport): Promise<Connected> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(transport);
  return {
    client,
    async call(name, given = {}) {
      const answer = await client.callTool({ name, arguments: given });
      const [first] = answer.content as { type: string; text: string }[];
      return { isError: answer.isError === true, text: first?.text ?? '', structured: answer.structuredContent };
    },
    close: () => client.close(),
  };
}

/** Streamable HTTP, as an editor connects to a service. */
export function overHttp(url: string, token: string = API_TOKEN): Promise<Connected> {
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  // The SDK's own type of its transport leaves a field undefined where it says that it is absent.
  return connect(new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit }) as unknown as Transport);
}

/** Standard input and output, as an editor starts `healer mcp`. */
export function overStdio(url: string, token: string = API_TOKEN): Promise<Connected> {
  return connect(
    new StdioClientTransport({
      command: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', MAIN, 'mcp'],
      env: { PATH: process.env['PATH'] ?? '', HEALER_URL: url, HEALER_API_TOKEN: token },
      stderr: 'ignore',
    }),
  );
}
