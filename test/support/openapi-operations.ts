/** One operation of the description, with references of parameters and answers already followed. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly template: string;
  readonly pattern: RegExp;
  /** Literal segments; of two templates that match, the one with more is meant. */
  readonly literals: number;
  readonly parameters: readonly Parameter[];
  /** Null when no JSON body is declared. */
  readonly requestSchema: unknown;
  readonly requestRequired: boolean;
  /** Names at the top of the body; null when the schema is not one plain object. */
  readonly requestProperties: ReadonlySet<string> | null;
  readonly responses: ReadonlyMap<number, { readonly schema: unknown }>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: unknown;
  readonly multiSegment: boolean;
}

type Json = Record<string, unknown>;
const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete']);

export function indexOperations(paths: Readonly<Record<string, Json>>, document: unknown): Operation[] {
  return Object.entries(paths).flatMap(([template, methods]) =>
    Object.entries(methods)
      .filter(([method]) => METHODS.has(method))
      .map(([method, raw]) => operationFrom(template, method, raw as Json, document)),
  );
}

/** The most literal operation whose template matches the path as it was sent, percent-encoding and all. */
export function findOperation(
  operations: readonly Operation[],
  method: string,
  path: string,
): { operation: Operation; pathParameters: Record<string, string> } | null {
  let best: { operation: Operation; match: RegExpExecArray } | null = null;
  for (const operation of operations) {
    if (operation.method !== method.toUpperCase()) continue;
    const match = operation.pattern.exec(path);
    if (match && (best === null || operation.literals > best.operation.literals)) best = { operation, match };
  }
  if (best === null) return null;
  const names = best.operation.parameters.filter((parameter) => parameter.in === 'path');
  const order = [...best.operation.template.matchAll(/\{([^}]+)\}/g)].map((hit) => hit[1] ?? '');
  const { match } = best;
  const pathParameters = Object.fromEntries(
    names.map(({ name }) => [name, decodeURIComponent(match[order.indexOf(name) + 1] ?? '')]),
  );
  return { operation: best.operation, pathParameters };
}

function operationFrom(template: string, method: string, raw: Json, document: unknown): Operation {
  const parameters = ((raw['parameters'] as unknown[]) ?? []).map((entry) => parameterFrom(follow(entry, document)));
  const requestBody = raw['requestBody'] ? follow(raw['requestBody'], document) : null;
  const requestSchema = requestBody ? jsonSchemaOf(requestBody) : null;
  const responses = Object.entries((raw['responses'] as Json) ?? {}).map(
    ([status, response]) => [Number(status), { schema: jsonSchemaOf(follow(response, document)) }] as const,
  );
  const multi = new Set(parameters.filter((parameter) => parameter.multiSegment).map((parameter) => parameter.name));
  const source = template
    .split(/(\{[^}]+\})/)
    .map((part) => {
      if (!part.startsWith('{')) return part.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&');
      return multi.has(part.slice(1, -1)) ? '(.+)' : '([^/]+)';
    })
    .join('');
  return {
    id: String(raw['operationId']),
    method: method.toUpperCase(),
    template,
    pattern: new RegExp(`^${source}$`),
    literals: template.split('/').filter((segment) => segment !== '' && !segment.includes('{')).length,
    parameters,
    requestSchema,
    requestRequired: requestBody?.['required'] === true,
    requestProperties: propertiesOf(requestSchema),
    responses: new Map(responses),
  };
}

function propertiesOf(schema: unknown): ReadonlySet<string> | null {
  const object = schema as Json | null;
  if (!object?.['properties'] || object['oneOf'] || object['anyOf'] || object['allOf']) return null;
  return new Set(Object.keys(object['properties']));
}

function parameterFrom(raw: Json): Parameter {
  return {
    name: String(raw['name']),
    in: raw['in'] as Parameter['in'],
    required: raw['required'] === true,
    schema: raw['schema'] ?? {},
    multiSegment: raw['x-multi-segment'] === true,
  };
}

/** The schema of the JSON body; null when the answer or request has none. */
function jsonSchemaOf(holder: Json): unknown {
  const content = (holder['content'] ?? {}) as Record<string, { schema?: unknown }>;
  const type = Object.keys(content).find((name) => name === 'application/json') ?? null;
  return type === null ? null : (content[type]?.schema ?? null);
}

function follow(node: unknown, document: unknown): Json {
  let current = node as Json;
  while (typeof current['$ref'] === 'string') {
    current = current['$ref']
      .slice(2)
      .split('/')
      .reduce<unknown>((at, key) => (at as Json)[key], document) as Json;
  }
  return current;
}
