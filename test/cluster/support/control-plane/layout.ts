import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Access } from '../api.ts';
import { Authority } from './certificates.ts';

/** What stands in `cluster.json`: everything another process needs to use the cluster. */
export interface ClusterFile {
  readonly server: string;
  readonly etcd: string;
  readonly tokens: Tokens;
  readonly programs: { readonly kubectl: string; readonly helm: string };
}

/** Bearer tokens of the users that exist without the API. */
export interface Tokens {
  readonly admin: string;
  readonly controllerManager: string;
  readonly node: string;
}

/** Names of files in a cluster's folder. */
export function pathsIn(home: string) {
  const path = (name: string) => join(home, name);
  return {
    cluster: path('cluster.json'),
    ca: path('ca.crt'),
    serverCertificate: path('server.crt'),
    serverKey: path('server.key'),
    serviceAccountKey: path('service-account.key'),
    serviceAccountPublicKey: path('service-account.pub'),
    tokens: path('tokens.csv'),
    auditPolicy: path('audit-policy.json'),
    auditLog: path('audit.log'),
    etcdData: path('etcd'),
    kubeconfig: path('kubeconfig'),
    controllerKubeconfig: path('controller-manager.kubeconfig'),
    pods: path('pods'),
    volumes: path('volumes'),
    nodeSocket: path('node.sock'),
    helm: path('helm'),
  };
}

export const NODE_NAME = 'healer-node';

export function writeCluster(home: string, file: ClusterFile): void {
  const { cluster } = pathsIn(home);
  writeFileSync(`${cluster}.new`, JSON.stringify(file, null, 2), { mode: 0o600 });
  renameSync(`${cluster}.new`, cluster);
}

export function readCluster(home: string): ClusterFile {
  return JSON.parse(readFileSync(pathsIn(home).cluster, 'utf8')) as ClusterFile;
}

export function accessWith(home: string, token: string, userAgent: string): Access {
  return { server: readCluster(home).server, ca: readFileSync(pathsIn(home).ca, 'utf8'), token, userAgent };
}

export function adminAccess(home: string): Access {
  return accessWith(home, readCluster(home).tokens.admin, 'healer-tests');
}

/** Keys, certificates, tokens and policy: everything that stays when processes are started again on other ports. */
export function writeIdentity(home: string, now: number): Tokens {
  const paths = pathsIn(home);
  for (const folder of [paths.etcdData, paths.pods, paths.volumes, paths.helm]) mkdirSync(folder, { mode: 0o755 });
  const authority = new Authority('healer-test-cluster', now);
  // The kubelet serves with the same certificate: both are on loopback.
  const hosts = ['127.0.0.1', 'localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', '10.0.0.1'];
  const server = authority.issueFor('kube-apiserver', hosts, now);
  writeFileSync(paths.ca, authority.certificate);
  writeFileSync(paths.serverCertificate, server.certificate);
  writeFileSync(paths.serverKey, server.key, { mode: 0o600 });
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(paths.serviceAccountKey, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  writeFileSync(paths.serviceAccountPublicKey, publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(paths.auditPolicy, JSON.stringify(AUDIT_POLICY));
  const tokens = { admin: newToken(), controllerManager: newToken(), node: newToken() };
  const users = [
    `${tokens.admin},admin,admin,system:masters`,
    `${tokens.controllerManager},system:kube-controller-manager,controller-manager,system:masters`,
    `${tokens.node},system:node:${NODE_NAME},node,system:masters`,
  ];
  writeFileSync(paths.tokens, `${users.join('\n')}\n`, { mode: 0o600 });
  return tokens;
}

/** JSON is YAML, so kubectl, helm and client libraries read it. */
export function writeKubeconfig(file: string, server: string, caFile: string, token: string, namespace?: string): void {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: { server, 'certificate-authority-data': readFileSync(caFile).toString('base64') },
      },
    ],
    users: [{ name: 'user', user: { token } }],
    contexts: [
      { name: 'test', context: { cluster: 'test', user: 'user', ...(namespace === undefined ? {} : { namespace }) } },
    ],
    'current-context': 'test',
  };
  writeFileSync(file, JSON.stringify(config, null, 2), { mode: 0o600 });
}

/** Who did what to which object, once the request is answered; a watch also when it is opened. */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'None', nonResourceURLs: ['/readyz*', '/livez*', '/healthz*'] }, { level: 'Metadata' }],
};

function newToken(): string {
  return randomBytes(24).toString('hex');
}
