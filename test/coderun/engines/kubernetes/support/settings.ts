import type { PodSettings } from '../../../../../src/coderun/engines/kubernetes/options.ts';

/** Pods as a small installation has them. */
export const POD_SETTINGS: PodSettings = {
  image: 'agents/all:1',
  images: {},
  imagePullPolicy: 'IfNotPresent',
  imagePullSecrets: [],
  serviceAccountName: null,
  cliSecret: null,
  workspace: { kind: 'persistent', size: '1Gi', storageClass: null, accessMode: 'ReadWriteOnce' },
  requests: {},
  limits: {},
  nodeSelector: {},
  tolerations: [],
  affinity: null,
  labels: {},
  annotations: {},
  priorityClassName: null,
  runtimeClassName: null,
  readOnlyRootFilesystem: true,
  dockerImage: null,
};
