import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { Command } from 'commander';
import { loadSettings } from '../app/load-settings.ts';
import { apiOverNetwork } from '../app/mcp/api.ts';
import { localDecisions } from '../app/mcp/decisions.ts';
import { createMcpServer } from '../app/mcp/server.ts';
import { RULES_DIR } from '../app/paths.ts';
import { loadRules } from '../decide/route/load.ts';
import { messageOf } from '../lib/errors.ts';
import { createClient, firstToken } from './client.ts';
import type { CliContext } from './context.ts';

/** Adds `mcp`: an MCP server on standard input and output, against a running service. Ends when its input does. */
export function registerMcp(program: Command, context: CliContext): void {
  program
    .command('mcp')
    .description('MCP server on standard input and output, for editors and agents; acts on a running service.')
    .option('--url <address>', 'address of the running service (default: HEALER_URL, or this machine)')
    .action(async (options: { url?: string }) => {
      const { env, stdin, stdout, stderr } = context;
      const { url } = createClient(context, options);
      const settings = loadSettings(env, context.cwd);
      const rules = loadRules(settings.rulesDir ?? RULES_DIR);
      const server = createMcpServer(
        { api: apiOverNetwork(url, firstToken(env)), decisions: localDecisions(settings, () => rules) },
        (tool, error) => stderr.write(`healer mcp: ${tool} failed: ${messageOf(error)}\n`),
      );
      const closed = new Promise<void>((done) => {
        server.onclose = done;
        stdin.once('end', () => void server.close());
      });
      await server.connect(new StdioServerTransport(stdin, stdout));
      stderr.write(`healer mcp: ready; the service is at ${url}\n`);
      await closed;
    });
}
