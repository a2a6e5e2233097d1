import { codeRunDefinition, GROUP, PLURAL } from '../coderun/crd.ts';
import { API_VERSION, KIND } from '../coderun/schema.ts';
import type { KubernetesClient } from '../lib/kubernetes/client.ts';

/** The part of a structural schema that says which fields there are. */
export interface FieldSchema {
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly items?: FieldSchema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/** What this version of Healer needs the API server to know. */
export interface WantedDefinition {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  /** The schema of the whole object, as the CustomResourceDefinition has it. */
  readonly schema: FieldSchema;
}

/** CodeRuns as this version writes them. */
export function wantedDefinition(): WantedDefinition {
  const { spec } = codeRunDefinition() as {
    spec: { versions: readonly { schema: { openAPIV3Schema: FieldSchema } }[] };
  };
  const schema = spec.versions[0]?.schema.openAPIV3Schema ?? {};
  return { group: GROUP, version: API_VERSION.slice(GROUP.length + 1), plural: PLURAL, kind: KIND, schema };
}

export type DefinitionState =
  | { readonly state: 'fits' }
  /** Not installed, or not in this version; `served` are the versions that there are. */
  | { readonly state: 'absent'; readonly served: readonly string[] }
  /** Fields that would be pruned in silence. */
  | { readonly state: 'outdated'; readonly lacks: readonly string[] };

export const DEFINITION_ADVICE = 'healer crd | kubectl apply --server-side --force-conflicts -f -';

interface Discovery {
  readonly resources?: readonly { readonly name: string }[];
  readonly versions?: readonly { readonly version: string }[];
}

interface OpenApi {
  readonly components?: {
    readonly schemas?: Readonly<
      Record<string, FieldSchema & { 'x-kubernetes-group-version-kind'?: readonly { kind?: string }[] }>
    >;
  };
}

/**
 * Whether the API server serves the definition, and knows every field that we write. It reads discovery and the published
 * OpenAPI document, which everybody may: the definition itself is out of reach of a namespaced Role. Throws when the API
 * server cannot be asked.
 */
export async function definitionState(client: KubernetesClient, wanted: WantedDefinition): Promise<DefinitionState> {
  const { group, version, plural, kind } = wanted;
  const served = await client.request({ path: `/apis/${group}/${version}`, expect: [404] });
  const names = served.status === 404 ? [] : ((served.body as Discovery).resources ?? []).map(({ name }) => name);
  if (!names.includes(plural)) return { state: 'absent', served: await servedVersions(client, group) };
  const lacksStatus = names.includes(`${plural}/status`) ? [] : ['the status subresource'];
  const document = await client.request({ path: `/openapi/v3/apis/${group}/${version}`, expect: [404] });
  const schemas = Object.values((document.body as OpenApi | undefined)?.components?.schemas ?? {});
  const known = schemas.find((schema) =>
    schema['x-kubernetes-group-version-kind']?.some((candidate) => candidate.kind === kind),
  );
  // The document follows the definition after a moment; the next look finds it.
  const lacks = [...lacksStatus, ...(known === undefined ? ['its schema'] : missingFields(wanted.schema, known))];
  return lacks.length === 0 ? { state: 'fits' } : { state: 'outdated', lacks };
}

async function servedVersions(client: KubernetesClient, group: string): Promise<readonly string[]> {
  const { status, body } = await client.request({ path: `/apis/${group}`, expect: [404] });
  return status === 404 ? [] : ((body as Discovery).versions ?? []).map(({ version }) => version);
}

/** The API server puts these in by itself. */
const EVERY_OBJECT_HAS = new Set(['apiVersion', 'kind', 'metadata']);

/** Dotted paths of fields that `wanted` has and `known` has not; only the topmost of a branch. */
export function missingFields(wanted: FieldSchema, known: FieldSchema, prefix = ''): readonly string[] {
  if (known['x-kubernetes-preserve-unknown-fields'] === true) return [];
  const fields = Object.entries(wanted.properties ?? {}).filter(
    ([name]) => prefix !== '' || !EVERY_OBJECT_HAS.has(name),
  );
  const missing = fields.flatMap(([name, inner]) => {
    const other = known.properties?.[name];
    return other === undefined ? [`${prefix}${name}`] : missingFields(inner, other, `${prefix}${name}.`);
  });
  if (wanted.items === undefined || known.items === undefined) return missing;
  return [...missing, ...missingFields(wanted.items, known.items, `${prefix.replace(/\.$/, '')}[].`)];
}
