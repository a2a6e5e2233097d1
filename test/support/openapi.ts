import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { findOperation, indexOperations, type Operation, type Parameter } from './openapi-operations.ts';
import { toJsonSchema } from './openapi-schema.ts';

/** A request as it went over the wire; `path` may carry its query string. */
export interface CheckedRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Parsed JSON; `undefined` or `null` when nothing was sent. */
  readonly body?: unknown;
}

/** What came back; `body` is parsed JSON, or anything else for answers that are not JSON. */
export interface CheckedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Each method answers with problems in words; an empty list means valid. */
export interface OpenApiChecker {
  check(request: CheckedRequest, answer: CheckedAnswer): string[];
  /** `headers` in lower case when given: the event name must then agree with `event`. */
  checkWebhook(event: string, body: unknown): string[];
  /** The `operationId` of a request, null when GitHub publishes no such operation. */
  operationOf(request: Pick<CheckedRequest, 'method' | 'path'>): string | null;
  /** Every operation checked so far. */
  readonly used: ReadonlySet<string>;
}

interface Document {
  paths: Record<string, Record<string, unknown>>;
  components: unknown;
  'x-webhooks': Record<string, { post: { requestBody: { content: { 'application/json': { schema: unknown } } } } }>;
}

const DOCUMENT_ID = 'https://api.github.com/openapi.json';
/** Any operation may answer with these, though the description lists them for few. */
const ANYWHERE = new Set([401, 403, 404, 429, 500, 502, 503]);

/**
 * Checks traffic against GitHub's published description (`@octokit/openapi`, OpenAPI 3.0.3). Reading it takes some
 * 0.4 s; schemas are compiled when first needed.
 */
export function createOpenApiChecker(): OpenApiChecker {
  const file = createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.json');
  const document = toJsonSchema(JSON.parse(readFileSync(file, 'utf8'))) as Document;
  return new Checker(document);
}

class Checker implements OpenApiChecker {
  readonly used = new Set<string>();
  readonly #ajv = new Ajv({ strict: false, allErrors: true, logger: false, validateSchema: false });
  readonly #operations: readonly Operation[];
  readonly #webhooks: Document['x-webhooks'];
  readonly #compiled = new Map<unknown, ValidateFunction>();

  constructor(document: Document) {
    addFormats.default(this.#ajv);
    this.#ajv.addFormat('uri-template', true);
    // Bots' no-reply addresses hold brackets, which GitHub sends and the strict pattern refuses.
    this.#ajv.addFormat('email', /^[^@\s]+@[^@\s]+$/);
    this.#ajv.addSchema({ $id: DOCUMENT_ID, components: document.components });
    this.#operations = indexOperations(document.paths, document);
    this.#webhooks = document['x-webhooks'];
  }

  operationOf(request: Pick<CheckedRequest, 'method' | 'path'>): string | null {
    return findOperation(this.#operations, request.method, request.path.split('?')[0] ?? '')?.operation.id ?? null;
  }

  check(request: CheckedRequest, answer: CheckedAnswer): string[] {
    const url = new URL(request.path, 'http://github.invalid');
    const found = findOperation(this.#operations, request.method, url.pathname);
    if (found === null) return [`${request.method} ${url.pathname}: GitHub publishes no such operation`];
    const { operation, pathParameters } = found;
    this.used.add(operation.id);
    const query = { ...Object.fromEntries(url.searchParams), ...request.query };
    const where = `${request.method} ${operation.template} (${operation.id})`;
    return [
      ...this.#parameters(operation, 'path', pathParameters),
      ...this.#parameters(operation, 'query', query),
      ...this.#requestBody(operation, request.body, answer.status),
      ...this.#answer(operation, answer),
    ].map((problem) => `${where}: ${problem}`);
  }

  checkWebhook(event: string, body: unknown): string[] {
    const action = (body as { action?: unknown } | null)?.action;
    const name = [event, ...(typeof action === 'string' ? [action] : [])].join('-').replaceAll('_', '-');
    const webhook = this.#webhooks[name];
    if (!webhook) return [`webhook ${name}: GitHub publishes no such event`];
    const schema = webhook.post.requestBody.content['application/json'].schema;
    return this.#validate(schema, body).map((problem) => `webhook ${name}: ${problem}`);
  }

  #parameters(operation: Operation, place: Parameter['in'], given: Readonly<Record<string, string>>): string[] {
    const declared = operation.parameters.filter((parameter) => parameter.in === place);
    const unknown = Object.keys(given).filter((name) => !declared.some((parameter) => parameter.name === name));
    const problems = unknown.map((name) => `${place} parameter "${name}" is not declared`);
    for (const parameter of declared) {
      const text = given[parameter.name];
      if (text === undefined) {
        if (parameter.required) problems.push(`${place} parameter "${parameter.name}" is missing`);
        continue;
      }
      const readings = readingsOf(text).map((value) => this.#validate(parameter.schema, value));
      const best = readings.find((reading) => reading.length === 0) ?? readings[0] ?? [];
      problems.push(...best.map((problem) => `${place} parameter "${parameter.name}": ${problem}`));
    }
    return problems;
  }

  #requestBody(operation: Operation, body: unknown, status: number): string[] {
    const sent = body !== undefined && body !== null && body !== '';
    if (operation.requestSchema === null) return sent ? ['a body was sent where none is declared'] : [];
    if (!sent) return operation.requestRequired ? ['the request body is missing'] : [];
    // A request that the server refused as malformed is malformed by intent.
    if (status === 422 || status === 400) return [];
    const declared = operation.requestProperties;
    const unknown = declared === null ? [] : Object.keys(body as object).filter((name) => !declared.has(name));
    return [
      ...unknown.map((name) => `request body: "${name}" is not declared`),
      ...this.#validate(operation.requestSchema, body).map((problem) => `request body: ${problem}`),
    ];
  }

  #answer(operation: Operation, answer: CheckedAnswer): string[] {
    const declared = operation.responses.get(answer.status);
    if (!declared) {
      if (!ANYWHERE.has(answer.status)) return [`answer ${answer.status} is not declared`];
      return this.#answerBody({ $ref: '#/components/schemas/basic-error' }, answer);
    }
    const location = answer.headers?.['location'];
    if (answer.status === 302 && answer.headers && !location) return ['answer 302 has no Location header'];
    return declared.schema === null ? [] : this.#answerBody(declared.schema, answer);
  }

  #answerBody(schema: unknown, answer: CheckedAnswer): string[] {
    return this.#validate(schema, answer.body).map((problem) => `answer ${answer.status}: ${problem}`);
  }

  #validate(schema: unknown, value: unknown): string[] {
    let validate = this.#compiled.get(schema);
    if (!validate) {
      validate = this.#ajv.compile(absolute(schema) as object);
      this.#compiled.set(schema, validate);
    }
    return validate(value) ? [] : (validate.errors ?? []).slice(0, 12).map(inWords);
  }
}

/** A value of the query string is text; what the schema means may be a number, a boolean or a list. */
function readingsOf(text: string): unknown[] {
  const readings: unknown[] = [text];
  if (text.trim() !== '' && Number.isFinite(Number(text))) readings.push(Number(text));
  if (text === 'true' || text === 'false') readings.push(text === 'true');
  readings.push(text.split(','));
  return readings;
}

/** References in an operation point into the document; outside of it they need its address in front. */
function absolute(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(absolute);
  if (schema === null || typeof schema !== 'object') return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => key !== 'examples' && key !== 'example')
      .map(([key, value]) => [
        key,
        key === '$ref' && typeof value === 'string' ? DOCUMENT_ID + value : absolute(value),
      ]),
  );
}

function inWords(error: ErrorObject): string {
  const allowed = error.keyword === 'enum' ? ` (${JSON.stringify(error.params['allowedValues'])})` : '';
  return `${error.instancePath || '/'} ${error.message ?? error.keyword}${allowed}`;
}
