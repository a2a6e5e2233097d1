import { randomBytes } from 'node:crypto';
import type { Api } from '../cluster-types.ts';
import { NODE_NAME } from '../control-plane/layout.ts';
import type { Pod } from './kube-types.ts';
import { timestamp } from './status-writer.ts';

export type Tell = (pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string) => void;

/** Events as `kubectl describe pod` shows them. The same event again raises nothing; a lost one is no fault. */
export function eventTeller(api: Api, component: string): Tell {
  const told = new Map<string, string>();
  return (pod, type, reason, message) => {
    const { namespace, name, uid } = pod.metadata;
    if (told.get(`${uid} ${reason}`) === message) return;
    told.set(`${uid} ${reason}`, message);
    const now = timestamp();
    const event = {
      metadata: { name: `${name}.${randomBytes(8).toString('hex')}`, namespace },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
      type,
      reason,
      message,
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component, ...(component === 'kubelet' ? { host: NODE_NAME } : {}) },
    };
    api.request('POST', `/api/v1/namespaces/${namespace}/events`, event).catch(() => undefined);
  };
}
