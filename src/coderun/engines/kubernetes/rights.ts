import { GROUP, PLURAL } from '../../crd.ts';

/** What the engine does with one kind of object, in the words of RBAC. */
export interface Right {
  readonly group: string;
  /** `pods`, or with a subresource `pods/log`. */
  readonly resource: string;
  readonly verbs: readonly string[];
}

/**
 * Every right that the engine uses, in the namespace of its CodeRuns; the chart's Role and the checks of readiness come
 * from here. Secrets are never listed: each is read by its name.
 */
export const ENGINE_RIGHTS: readonly Right[] = [
  { group: GROUP, resource: PLURAL, verbs: ['create', 'delete', 'get', 'list', 'patch', 'watch'] },
  { group: GROUP, resource: `${PLURAL}/status`, verbs: ['patch'] },
  { group: 'batch', resource: 'jobs', verbs: ['create', 'delete', 'get', 'list', 'patch', 'watch'] },
  { group: '', resource: 'pods', verbs: ['list', 'watch'] },
  { group: '', resource: 'pods/log', verbs: ['get'] },
  { group: '', resource: 'configmaps', verbs: ['create', 'delete', 'get', 'list', 'watch'] },
  { group: '', resource: 'secrets', verbs: ['create', 'delete', 'get', 'patch'] },
  { group: '', resource: 'persistentvolumeclaims', verbs: ['create', 'delete', 'get', 'patch'] },
  { group: '', resource: 'events', verbs: ['list'] },
  { group: 'events.k8s.io', resource: 'events', verbs: ['create', 'get'] },
];
