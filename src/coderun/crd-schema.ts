import { z } from 'zod';
import { DESCRIPTIONS } from './crd-descriptions.ts';
import { specSchema, statusSchema } from './schema.ts';

/** A structural schema, as CustomResourceDefinitions take it: OpenAPI 3.0 with Kubernetes' own extensions. */
export type StructuralSchema = Readonly<Record<string, unknown>>;

type Json = Readonly<Record<string, unknown>>;

/** Fields that say what a CodeRun is; another one is another CodeRun. */
export const IDENTITY_FIELDS = ['runType', 'taskId', 'service', 'repositoryUrl'] as const;

const SPEC_RULES = [
  ...IDENTITY_FIELDS.map((field) => ({
    rule: `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`,
    message: `${field} cannot be changed; create another CodeRun`,
    fieldPath: `.${field}`,
  })),
  {
    rule: 'self.contextVersion >= oldSelf.contextVersion',
    message: 'contextVersion only grows: a higher one asks for a further attempt',
    fieldPath: '.contextVersion',
  },
];

/** `spec` as the API server checks it, from the one schema. */
export function specStructure(): StructuralSchema {
  const spec = structureOf(z.toJSONSchema(specSchema, { io: 'input' }) as Json, 'spec');
  const properties = mapValues(spec['properties'] as Record<string, Json>, (field) =>
    // Objects of the schema in use may spell "not given" as null; without a default that has to be allowed.
    'default' in field ? field : { ...field, nullable: true },
  );
  const required = spec['required'] as readonly string[];
  for (const name of required) delete properties[name]?.['nullable'];
  return { ...spec, properties, 'x-kubernetes-validations': SPEC_RULES };
}

/** `status`: the same, without defaults, so that nothing stands there that nobody wrote. */
export function statusStructure(): StructuralSchema {
  const status = withoutDefaults(structureOf(z.toJSONSchema(statusSchema, { io: 'input' }) as Json, 'status'));
  const properties = status['properties'] as Record<string, Json>;
  return { ...status, properties: { ...properties, conditions: conditionList(properties['conditions'] ?? {}) } };
}

/** Conditions are a map by type; other controllers may keep conditions of their own among them. */
function conditionList(conditions: Json): StructuralSchema {
  const items = conditions['items'] as Json;
  const properties = items['properties'] as Record<string, Json>;
  return {
    ...conditions,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
    items: {
      ...items,
      properties: {
        ...properties,
        type: { description: properties['type']?.['description'], type: 'string', minLength: 1, maxLength: 316 },
        reason: { ...properties['reason'], maxLength: 1024 },
      },
      required: ['type', 'status'],
    },
  };
}

function withoutDefaults(schema: Json): Json {
  const { default: _, ...rest } = schema;
  const properties = rest['properties'] as Record<string, Json> | undefined;
  return properties === undefined ? rest : { ...rest, properties: mapValues(properties, withoutDefaults) };
}

/** JSON Schema 2020-12, as zod writes it, into a structural schema. Throws for what it does not know. */
function structureOf(schema: Json, path: string): Json {
  const description = DESCRIPTIONS[path];
  const described = description === undefined ? {} : { description };
  if ('anyOf' in schema) return { ...described, ...intOrString(schema, path) };
  const { type, properties, items, additionalProperties, required, ...rest } = schema;
  if (typeof type !== 'string') throw new Error(`${path}: a schema without a single type has no structural form`);
  return {
    ...described,
    type,
    ...limitsOf(rest, type, path),
    ...(properties === undefined
      ? {}
      : {
          properties: mapValues(properties as Record<string, Json>, (inner, name) =>
            structureOf(inner, `${path}.${name}`),
          ),
        }),
    ...(items === undefined ? {} : { items: structureOf(items as Json, `${path}[]`) }),
    ...freeForm(additionalProperties as Json | undefined, path),
    ...(required === undefined ? {} : { required }),
  };
}

function freeForm(values: Json | undefined, path: string): Json {
  if (values === undefined) return {};
  if (Object.keys(values).length === 0) return { 'x-kubernetes-preserve-unknown-fields': true };
  return { additionalProperties: structureOf(values, `${path}.*`) };
}

function intOrString({ anyOf, ...rest }: Json, path: string): Json {
  const types = (anyOf as readonly Json[]).map(({ type }) => type);
  if (types.toSorted().join() !== 'integer,string') throw new Error(`${path}: only a number or a text can be either`);
  return { ...('default' in rest ? { default: rest['default'] } : {}), 'x-kubernetes-int-or-string': true };
}

/** Keywords that mean the same on both sides, and those that are spelt differently. */
const COPIED = new Set([
  'default',
  'enum',
  'format',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'pattern',
  'x-kubernetes-validations',
]);
/** Said elsewhere, or what the API server has no word for and the engine checks when it reads the object. */
const DROPPED = new Set(['$schema', 'propertyNames', 'exclusiveMinimum']);

function limitsOf(keywords: Json, type: string, path: string): Json {
  const limits: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(keywords)) {
    if (COPIED.has(keyword)) limits[keyword] = value;
    else if (!DROPPED.has(keyword)) throw new Error(`${path}: the keyword ${keyword} has no structural form`);
  }
  if (limits['maximum'] === Number.MAX_SAFE_INTEGER) delete limits['maximum'];
  if (limits['minimum'] === Number.MIN_SAFE_INTEGER) delete limits['minimum'];
  if (keywords['exclusiveMinimum'] === 0 && type === 'integer') limits['minimum'] = 1;
  if (type === 'integer') limits['format'] = 'int64';
  // The format says it; the pattern that zod adds is one that Go's engine need not read.
  if (limits['format'] === 'date-time') delete limits['pattern'];
  return limits;
}

function mapValues(
  of: Record<string, Json>,
  map: (value: Json, name: string) => Json,
): Record<string, Record<string, unknown>> {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, { ...map(value, name) }]));
}
