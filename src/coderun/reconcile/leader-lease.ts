import type { KubernetesClient } from '../../lib/kubernetes/client.ts';
import type { LeasePort } from './leader.ts';
import type { LeaseContent, LeaseRecord } from './leader-decision.ts';

/** One a namespace: whoever drives the CodeRuns there, of whatever release. The chart's Role names it. */
export const LEASE_NAME = 'healer-leader';

interface LeaseSpec {
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string | null;
  readonly renewTime?: string | null;
  readonly leaseTransitions?: number;
}

interface Lease {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly spec?: LeaseSpec;
}

/**
 * A Lease of the coordination API, written by PUT with the version that was read. Where the Lease was deleted since, the API
 * server makes a new one of such a PUT: one contender gets it all the same, and all others a conflict.
 */
export function kubernetesLease(client: KubernetesClient, namespace: string): LeasePort {
  const all = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const one = `${all}/${LEASE_NAME}`;
  return {
    async read(signal) {
      const { status, body } = await client.request({ path: one, expect: [404], signal });
      return status === 404 ? null : recordOf(body as Lease);
    },
    async write(content, over, signal) {
      const metadata = { name: LEASE_NAME, namespace, ...(over === null ? {} : { resourceVersion: over }) };
      const { status, body } = await client.request({
        method: over === null ? 'POST' : 'PUT',
        path: over === null ? all : one,
        body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: specOf(content) },
        // Made by somebody else, written since, or deleted since.
        expect: [404, 409],
        signal,
      });
      return status === 404 || status === 409 ? null : recordOf(body as Lease);
    },
  };
}

function recordOf({ metadata, spec = {} }: Lease): LeaseRecord {
  return {
    // Others give a lease back by an empty name.
    holder: spec.holderIdentity || null,
    durationMs: (spec.leaseDurationSeconds ?? 0) * 1_000,
    acquiredAt: timeOf(spec.acquireTime),
    renewedAt: timeOf(spec.renewTime),
    transitions: spec.leaseTransitions ?? 0,
    version: metadata?.resourceVersion ?? '',
  };
}

function specOf(content: LeaseContent): LeaseSpec {
  return {
    holderIdentity: content.holder ?? '',
    leaseDurationSeconds: Math.ceil(content.durationMs / 1_000),
    acquireTime: microTime(content.acquiredAt),
    renewTime: microTime(content.renewedAt),
    leaseTransitions: content.transitions,
  };
}

function timeOf(text: string | null | undefined): number | null {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? null : time;
}

/** Kubernetes' MicroTime has six digits after the point. */
function microTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString().replace('Z', '000Z');
}
