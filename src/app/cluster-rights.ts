import pLimit from 'p-limit';
import { ENGINE_RIGHTS } from '../coderun/engines/kubernetes/rights.ts';
import { LEASE_NAME } from '../coderun/reconcile/leader-lease.ts';
import type { KubernetesClient } from '../lib/kubernetes/client.ts';

/** One thing that Healer does to one kind of object, in the namespace of its CodeRuns. */
export interface Right {
  readonly verb: string;
  /** `''` is the core group. */
  readonly group: string;
  /** With its subresource: `coderuns/status`. */
  readonly resource: string;
  /** Where one object of that name is enough. */
  readonly name?: string;
}

/** Rights on one kind of object, as a rule of a Role has them. */
export interface Rule {
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  readonly name?: string;
}

/** What the election asks for. The name of an object that is created cannot be restricted. */
const ELECTION: readonly Rule[] = [
  { group: 'coordination.k8s.io', resource: 'leases', verbs: ['create'] },
  { group: 'coordination.k8s.io', resource: 'leases', verbs: ['get', 'update'], name: LEASE_NAME },
];

/**
 * Everything that the engine and the election ask of the API server. The chart's Role is made of it, and the tests compare
 * it with the API server's audit log in both directions.
 */
export const RULES: readonly Rule[] = [...ENGINE_RIGHTS, ...ELECTION];

export const RIGHTS: readonly Right[] = RULES.flatMap(({ verbs, ...rule }) => verbs.map((verb) => ({ ...rule, verb })));

export interface RefusedRight extends Right {
  /** The authorizer's own words, when it has any. */
  readonly reason: string | null;
}

const AT_ONCE = 8;
const TIMEOUT_MS = 10_000;

/**
 * Which of the rights the API server would refuse us in the namespace, asked by SelfSubjectAccessReview, which everybody
 * who is authenticated may do. Throws when the API server cannot be asked.
 */
export async function refusedRights(
  client: KubernetesClient,
  namespace: string,
  rights: readonly Right[] = RIGHTS,
): Promise<readonly RefusedRight[]> {
  const limit = pLimit(AT_ONCE);
  const answers = await Promise.all(rights.map((right) => limit(() => review(client, namespace, right))));
  return answers.filter((answer) => answer !== null);
}

interface Review {
  readonly status?: { readonly allowed?: boolean; readonly reason?: string; readonly evaluationError?: string };
}

async function review(client: KubernetesClient, namespace: string, right: Right): Promise<RefusedRight | null> {
  const [resource, subresource] = right.resource.split('/');
  const resourceAttributes = {
    namespace,
    verb: right.verb,
    group: right.group,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(right.name === undefined ? {} : { name: right.name }),
  };
  const { body } = await client.request({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    },
    timeoutMs: TIMEOUT_MS,
  });
  const { status } = body as Review;
  if (status?.allowed === true) return null;
  return { ...right, reason: status?.reason || status?.evaluationError || null };
}

/** `create jobs.batch; get, patch coderuns/status.agents.platform`: the verbs of one resource together. */
export function sayRights(rights: readonly Right[]): string {
  const verbs = new Map<string, string[]>();
  for (const { verb, group, resource, name } of rights) {
    const [kind, subresource] = resource.split('/');
    const plural = `${kind}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`;
    const what = name === undefined ? plural : `${plural} "${name}"`;
    verbs.set(what, [...(verbs.get(what) ?? []), verb]);
  }
  return [...verbs].map(([what, list]) => `${list.join(', ')} ${what}`).join('; ');
}
