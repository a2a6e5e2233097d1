import type { DaemonCommand } from './daemon.ts';
import { pathsIn } from './layout.ts';

/** Nothing here has to survive a power cut. */
export function etcdCommand(home: string, program: string, clientPort: number, peerPort: number): DaemonCommand {
  const client = `http://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const args = [
    `--data-dir=${pathsIn(home).etcdData}`,
    '--name=test',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=test=${peer}`,
    '--unsafe-no-fsync=true',
    '--log-level=warn',
    '--quota-backend-bytes=4294967296',
  ];
  return { command: program, args };
}

export function apiserverCommand(
  home: string,
  program: string,
  addresses: { readonly port: number; readonly etcd: string },
  extra: readonly string[],
): DaemonCommand {
  const paths = pathsIn(home);
  const args = [
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${addresses.port}`,
    `--etcd-servers=${addresses.etcd}`,
    `--tls-cert-file=${paths.serverCertificate}`,
    `--tls-private-key-file=${paths.serverKey}`,
    `--token-auth-file=${paths.tokens}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${paths.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${paths.serviceAccountKey}`,
    '--service-cluster-ip-range=10.0.0.0/16',
    // 127.0.0.1 may not stand in an Endpoints object; Pods are told the address by their kubelet.
    '--endpoint-reconciler-type=none',
    '--kubelet-preferred-address-types=InternalIP',
    '--allow-privileged=true',
    '--profiling=false',
    `--audit-policy-file=${paths.auditPolicy}`,
    `--audit-log-path=${paths.auditLog}`,
    '--audit-log-mode=blocking',
    ...extra,
  ];
  return { command: program, args };
}

/** What acts on the objects that Healer, its chart and its agents use. Without node-lifecycle: nodes are lost on request. */
const CONTROLLERS = [
  'clusterrole-aggregation-controller',
  'cronjob-controller',
  'deployment-controller',
  'disruption-controller',
  'endpointslice-controller',
  'endpoints-controller',
  'garbage-collector-controller',
  'job-controller',
  'namespace-controller',
  'persistentvolume-binder-controller',
  'persistentvolume-protection-controller',
  'persistentvolumeclaim-protection-controller',
  'pod-garbage-collector-controller',
  'replicaset-controller',
  'resourcequota-controller',
  'root-ca-certificate-publisher-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'statefulset-controller',
  'ttl-after-finished-controller',
];

export function controllerManagerCommand(home: string, program: string, extra: readonly string[]): DaemonCommand {
  const paths = pathsIn(home);
  const args = [
    `--kubeconfig=${paths.controllerKubeconfig}`,
    `--controllers=${CONTROLLERS.join(',')}`,
    `--service-account-private-key-file=${paths.serviceAccountKey}`,
    `--root-ca-file=${paths.ca}`,
    '--leader-elect=false',
    '--secure-port=0',
    // The defaults (20 and 30 a second) are for a cluster that has other things to do.
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
    '--pvclaimbinder-sync-period=2s',
    ...extra,
  ];
  return { command: program, args };
}
