import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { CallToolRequestSchema, type CallToolResult, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { messageOf, UserError } from '../../lib/errors.ts';
import { partsOf } from '../../lib/problem.ts';
import { VERSION } from '../paths.ts';
import { TOOLS } from './registry.ts';
import { type Tool, type ToolContext, ToolError } from './tool.ts';

const INSTRUCTIONS = `Healer repairs what breaks in CI: it takes a red build or an alert, sends one agent with the evidence, and calls it fixed only when CI is green on the agent's commit.

A remediation is the life of one broken thing; its task id (ci-12345678, sec-dependabot-7, …) or its id names it. When a person says that an attempt went wrong and why, call retry_remediation once with their words as guidance: the next attempt's prompt holds them. Tasks of a person's own (building something, writing documentation) are submitted with submit_implementation_task and submit_docs_task.`;

/**
 * A server with every tool, not connected yet. `onError` is told of errors that nobody expected; the caller of the tool
 * gets a sentence instead.
 */
export function createMcpServer(context: ToolContext, onError: (tool: string, error: unknown) => void): Server {
  const server = new Server(
    { name: 'healer', title: 'Healer', version: VERSION },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS },
  );
  server.setRequestHandler(ListToolsRequestSchema, async () => ({ tools: TOOLS.map(listed) }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }) =>
    call(params.name, params.arguments ?? {}, context, onError),
  );
  return server;
}

function listed({ name, title, description, input, annotations }: Tool) {
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: 'input' });
  return {
    name,
    title,
    description,
    inputSchema: { ...schema, type: 'object' as const },
    annotations: { title, ...annotations },
  };
}

async function call(
  name: string,
  given: unknown,
  context: ToolContext,
  onError: (tool: string, error: unknown) => void,
): Promise<CallToolResult> {
  const tool = TOOLS.find((candidate) => candidate.name === name);
  if (tool === undefined) {
    return failed(`There is no tool ${name}. There are: ${TOOLS.map((known) => known.name).join(', ')}.`);
  }
  const checked = tool.input.safeParse(given);
  if (!checked.success) return failed(describeFaults(tool, checked.error));
  try {
    const { said, structured } = await tool.run(checked.data, context);
    const text = `${said}\n\n${JSON.stringify(structured, null, 1)}`;
    return { content: [{ type: 'text', text }], structuredContent: { ...structured } };
  } catch (error) {
    if (error instanceof ToolError || error instanceof UserError) return failed(messageOf(error));
    onError(name, error);
    return failed(
      `${name} could not be carried out: something went wrong in Healer, and its log says what. Trying once more does no harm.`,
    );
  }
}

function describeFaults({ name, input }: Tool, error: z.ZodError): string {
  const faults = partsOf(error).map(({ path, message }) => `- ${path === '' ? 'the arguments' : path}: ${message}`);
  const known = Object.keys((z.toJSONSchema(input, { io: 'input' })['properties'] as object | undefined) ?? {});
  return [`The arguments of ${name} cannot be used:`, ...faults, `It takes: ${known.join(', ')}.`].join('\n');
}

function failed(text: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text }] };
}
