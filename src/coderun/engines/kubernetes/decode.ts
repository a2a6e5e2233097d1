import { z } from 'zod';
import type { KubernetesObject } from '../../../lib/kubernetes/objects.ts';
import {
  CONDITION_TYPES,
  type CodeRun,
  type CodeRunSpec,
  type CodeRunStatus,
  conditionSchema,
  specSchema,
  statusSchema,
} from '../../schema.ts';
import { CANCEL_ANNOTATION } from './names.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The CodeRun that an object of the API is. Never throws: what cannot be read stands in `problem`, and the rest is kept
 * as far as it goes, so that one malformed object is marked and removable and stands in nobody's way (R4).
 *
 * `spec.contextVersion` is the attempt that is being driven: a higher one in the object waits in `supersededBy` until
 * the attempt before it has ended.
 */
export function codeRunOf(object: KubernetesObject): CodeRun {
  const { metadata } = object;
  const annotations = metadata.annotations ?? {};
  const status = statusOf(object['status']);
  const { spec, problem } = readSpec(object['spec']);
  const attempt = status.contextVersion ?? spec.contextVersion;
  const isSuperseded = spec.contextVersion > attempt;
  const isDeleting = metadata.deletionTimestamp !== undefined;
  return {
    name: metadata.name,
    uid: metadata.uid,
    generation: metadata.generation ?? 1,
    resourceVersion: metadata.resourceVersion,
    labels: metadata.labels ?? {},
    annotations,
    spec: { ...spec, contextVersion: attempt },
    status,
    createdAt: Date.parse(metadata.creationTimestamp),
    cancelRequested: isDeleting || isSuperseded || isCancelled(annotations[CANCEL_ANNOTATION], attempt),
    ...(isSuperseded ? { supersededBy: spec.contextVersion } : {}),
    ...(isDeleting ? { isDeleting } : {}),
    ...(problem === null ? {} : { problem }),
  };
}

function isCancelled(annotation: string | undefined, attempt: number): boolean {
  return annotation === 'true' || Number(annotation ?? 0) >= attempt;
}

function readSpec(value: unknown): { readonly spec: CodeRunSpec; readonly problem: string | null } {
  const given = fieldsOf(value);
  const parsed = specSchema.safeParse(given);
  if (parsed.success) return { spec: parsed.data, problem: null };
  const readable = Object.entries(specSchema.shape).flatMap(([name, field]) => {
    const read = field.safeParse(given[name]);
    return read.success && read.data !== undefined ? [[name, read.data] as const] : [];
  });
  const spec = specSchema.parse({ service: 'unknown', repositoryUrl: 'unknown', ...Object.fromEntries(readable) });
  return { spec, problem: z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, ' ') };
}

const KNOWN: readonly string[] = CONDITION_TYPES;

function statusOf(value: unknown): CodeRunStatus {
  const given = fieldsOf(value);
  const conditions = conditionsOf(given).filter((condition) => conditionSchema.safeParse(condition).success);
  const whole = statusSchema.safeParse({ ...given, conditions });
  if (whole.success) return whole.data;
  // Written by somebody else, in a form of their own: field by field.
  const readable = Object.entries(statusSchema.shape).flatMap(([name, field]) => {
    const read = field.safeParse(name === 'conditions' ? conditions : given[name]);
    return read.success && read.data !== undefined ? [[name, read.data] as const] : [];
  });
  return statusSchema.parse(Object.fromEntries(readable));
}

/** Conditions of other controllers: not ours to read, and not ours to remove. */
export function foreignConditions(object: KubernetesObject): readonly Fields[] {
  return conditionsOf(fieldsOf(object['status'])).filter(({ type }) => !KNOWN.includes(String(type)));
}

function conditionsOf(status: Fields): readonly Fields[] {
  return Array.isArray(status['conditions']) ? (status['conditions'] as readonly Fields[]) : [];
}

/** The fields that are there; null is how some writers spell "not given". */
function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null && field !== undefined));
}
