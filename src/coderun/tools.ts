import type { CodeRunSpec } from './schema.ts';
import type { CliTemplate, CodeRunTemplates } from './templates.ts';

type Servers = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Where the platform's own tools are reached; set with the run. */
export const TOOLS_URL_VARIABLE = 'TOOLS_SERVER_URL';

/** What a run may use, as `client-config.json` says it. */
export function toolsOf(spec: CodeRunSpec, templates: CodeRunTemplates): Readonly<Record<string, unknown>> {
  const isMinimal = spec.toolConfig === 'minimal';
  return {
    toolConfig: spec.toolConfig,
    localTools: isMinimal ? [] : localNames(spec, templates),
    remoteTools: isMinimal ? [] : words(spec.remoteTools),
    localServers: isMinimal ? {} : localServers(spec, templates),
  };
}

/**
 * The MCP servers of a run. `default`: those it names; `advanced`: every known local one as well; `minimal`: none at all.
 * Servers stated with the run itself (`cliConfig.settings.mcpServers`) come on top and win.
 */
export function mcpServersOf(spec: CodeRunSpec, templates: CodeRunTemplates): Servers {
  if (spec.toolConfig === 'minimal') return {};
  const url = spec.env[TOOLS_URL_VARIABLE];
  const isRemote = words(spec.remoteTools).length > 0 && url !== undefined;
  return {
    ...localServers(spec, templates),
    ...(isRemote ? { tools: { type: 'http', url } } : {}),
    ...objectsOf(spec.cliConfig?.settings['mcpServers']),
  };
}

function localServers(spec: CodeRunSpec, { tools }: CodeRunTemplates): Servers {
  const names = spec.toolConfig === 'advanced' ? [...tools.keys()] : words(spec.localTools);
  return Object.fromEntries(
    names.flatMap((name) => {
      const server = tools.get(name);
      return server === undefined ? [] : [[name, { type: 'stdio', ...server }] as const];
    }),
  );
}

/** With what objects of other controllers name and nobody here knows: the CLI may. */
function localNames(spec: CodeRunSpec, { tools }: CodeRunTemplates): readonly string[] {
  const named = words(spec.localTools);
  return spec.toolConfig === 'advanced' ? [...new Set([...named, ...tools.keys()])] : named;
}

function words(list: string | undefined): readonly string[] {
  return (list ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function objectsOf(value: unknown): Servers {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      ([, server]) => typeof server === 'object' && server !== null && !Array.isArray(server),
    ),
  );
}

type Format = NonNullable<CliTemplate['config']>['format'];

/** The file in which a CLI looks for its MCP servers, for those that do not read `mcp.json`. */
export function cliConfigFile(format: Format, servers: Servers): { readonly name: string; readonly text: string } {
  if (format === 'codex') return { name: 'cli-config.toml', text: codexToml(servers) };
  const document = format === 'gemini' ? geminiSettings(servers) : openCodeConfig(servers);
  return { name: 'cli-config.json', text: `${JSON.stringify(document, null, 2)}\n` };
}

/** https://developers.openai.com/codex/mcp ; strings of JSON are basic strings of TOML. */
function codexToml(servers: Servers): string {
  const value = (given: unknown): string =>
    typeof given === 'object' && given !== null && !Array.isArray(given)
      ? `{ ${Object.entries(given)
          .map(([key, inner]) => `${JSON.stringify(key)} = ${value(inner)}`)
          .join(', ')} }`
      : JSON.stringify(given).replaceAll('\u007f', '\\u007f');
  const tables = Object.entries(servers).map(([name, server]) => {
    const rows = Object.entries(server).filter(
      ([key, given]) => key !== 'type' && given !== undefined && given !== null,
    );
    return [
      `[mcp_servers.${JSON.stringify(name)}]`,
      ...rows.map(([key, given]) => `${/^[\w-]+$/.test(key) ? key : JSON.stringify(key)} = ${value(given)}`),
      '',
    ].join('\n');
  });
  return `${['# The MCP servers of this run.', ...tables].join('\n').trimEnd()}\n`;
}

/** https://geminicli.com/docs/tools/mcp-server/ : `url` would mean server-sent events. */
function geminiSettings(servers: Servers): object {
  const mapped = Object.entries(servers).map(([name, { type, url, ...rest }]) => {
    if (url === undefined) return [name, rest];
    return [name, { ...rest, [type === 'sse' ? 'url' : 'httpUrl']: url }];
  });
  return { mcpServers: Object.fromEntries(mapped) };
}

/** https://opencode.ai/docs/mcp-servers/ */
function openCodeConfig(servers: Servers): object {
  const mapped = Object.entries(servers).map(([name, server]) => {
    const { command, args, env, url, headers } = server;
    if (url !== undefined) return [name, { type: 'remote', url, enabled: true, ...(headers ? { headers } : {}) }];
    const line = [command, ...(Array.isArray(args) ? args : [])];
    return [name, { type: 'local', command: line, enabled: true, ...(env ? { environment: env } : {}) }];
  });
  return { $schema: 'https://opencode.ai/config.json', mcp: Object.fromEntries(mapped) };
}
