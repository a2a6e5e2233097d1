import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent, type AgentOptions } from 'node:https';
import { join } from 'node:path';
import { type Clock, systemClock } from '../clock.ts';
import { messageOf, UserError } from '../errors.ts';

/** Where an API server is and how to show oneself to it. */
export interface KubernetesAccess {
  /** `https://host:port`, without a path. */
  readonly server: string;
  /** The namespace of the service account or of the kubeconfig's context; null when neither names one. */
  readonly namespace: string | null;
  /** What a request needs now; tokens and certificates are read again as they rotate, at once with `renew`. */
  credentials(renew: boolean): Promise<Credentials>;
  close(): void;
}

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: HttpAgent;
}

/** Where Kubernetes puts a Pod's service account. */
export const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Bound tokens are replaced when a fifth of their life is left, so a reading may be this old, in milliseconds. */
const FRESH_MS = 30_000;
/** Idle connections are closed before the API server's own patience (90 s at most for a proxy in between) ends. */
const AGENT: AgentOptions = { keepAlive: true, maxSockets: 64, scheduling: 'lifo', timeout: 300_000 };

type Tls = Pick<AgentOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;

export interface AccessOptions {
  /** A kubeconfig file, or several separated by `:`; without one the Pod's service account is used. */
  readonly kubeconfig: string | null;
  /** A context of the kubeconfig; its current one when null. */
  readonly context: string | null;
  /** KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, which every Pod is given. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly serviceAccountDir?: string;
  readonly clock?: Clock;
}

/** Finds the API server. UserError when there is neither a kubeconfig nor a service account, or it cannot be read. */
export async function findAccess(options: AccessOptions): Promise<KubernetesAccess> {
  if (options.kubeconfig !== null) return kubeconfigAccess(options.kubeconfig, options);
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = options.env;
  if (host === undefined) {
    throw new UserError(
      'No Kubernetes API server is known: Healer does not run in a Pod, and no kubeconfig is named. Set KUBECONFIG.',
    );
  }
  return serviceAccountAccess(`https://${host.includes(':') ? `[${host}]` : host}:${port}`, options);
}

/** An address and a token that are known; for tests and tools. */
export function tokenAccess(given: {
  readonly server: string;
  readonly token: string;
  readonly ca?: string;
  readonly namespace?: string;
}): KubernetesAccess {
  const agent = agentFor(given.server, given.ca === undefined ? {} : { ca: given.ca });
  return {
    server: given.server,
    namespace: given.namespace ?? null,
    credentials: async () => ({ headers: { authorization: `Bearer ${given.token}` }, agent }),
    close: () => agent.destroy(),
  };
}

async function serviceAccountAccess(server: string, options: AccessOptions): Promise<KubernetesAccess> {
  const dir = options.serviceAccountDir ?? SERVICE_ACCOUNT_DIR;
  const read = async (name: string): Promise<string> => {
    try {
      return (await readFile(join(dir, name), 'utf8')).trim();
    } catch (cause) {
      throw new UserError(
        `The Pod’s service account cannot be read: ${messageOf(cause)}. Is automountServiceAccountToken off?`,
        { cause },
      );
    }
  };
  const namespace = await read('namespace').catch(() => null);
  return renewing(server, namespace, options.clock, async () => {
    const token = await read('token');
    return { headers: { authorization: `Bearer ${token}` }, tls: { ca: await read('ca.crt') }, agent: null };
  });
}

async function kubeconfigAccess(paths: string, options: AccessOptions): Promise<KubernetesAccess> {
  // The library knows every way of logging in that a kubeconfig may name; loading it takes a third of a second.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    for (const [index, path] of paths.split(':').filter(Boolean).entries()) {
      if (index === 0) config.loadFromFile(path);
      else {
        const more = new KubeConfig();
        more.loadFromFile(path);
        config.mergeConfig(more, true);
      }
    }
  } catch (cause) {
    throw new UserError(`The kubeconfig ${paths} cannot be read: ${messageOf(cause)}`, { cause });
  }
  if (options.context !== null) config.setCurrentContext(options.context);
  const cluster = config.getCurrentCluster();
  const context = config.getContextObject(config.getCurrentContext());
  if (cluster === null || context === null) {
    throw new UserError(`The kubeconfig ${paths} has no context named ${config.getCurrentContext() || '(none)'}.`);
  }
  return renewing(cluster.server.replace(/\/+$/, ''), context.namespace ?? null, options.clock, async () => {
    const request: Tls & { headers?: Record<string, string>; auth?: string; agent?: HttpAgent } = { headers: {} };
    await config.applyToHTTPSOptions(request);
    const basic = request.auth === undefined ? {} : { authorization: `Basic ${btoa(request.auth)}` };
    const { ca, cert, key, servername, rejectUnauthorized } = request;
    const tls = Object.fromEntries(
      Object.entries({ ca, cert, key, servername, rejectUnauthorized }).filter(([, value]) => value !== undefined),
    );
    return { headers: { ...request.headers, ...basic }, tls, agent: cluster.proxyUrl ? (request.agent ?? null) : null };
  });
}

interface Read {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Tls;
  /** One that the way to the server demands (a proxy); null for our own. */
  readonly agent: HttpAgent | null;
}

/** Reads credentials again when they may have changed, and takes a new agent when the certificates did. */
function renewing(
  server: string,
  namespace: string | null,
  clock: Clock = systemClock,
  read: () => Promise<Read>,
): KubernetesAccess {
  let known: { readonly at: number; readonly credentials: Credentials } | null = null;
  let own: { readonly digest: string; readonly agent: HttpAgent } | null = null;
  const agentOf = (tls: Tls): HttpAgent => {
    const digest = createHash('sha256').update(JSON.stringify(tls)).digest('hex');
    if (own?.digest === digest) return own.agent;
    // Requests under way keep their sockets; idle ones of the old agent end by its time-out.
    own = { digest, agent: agentFor(server, tls) };
    return own.agent;
  };
  return {
    server,
    namespace,
    async credentials(renew) {
      if (known !== null && !renew && clock() - known.at < FRESH_MS) return known.credentials;
      const { headers, tls, agent } = await read();
      known = { at: clock(), credentials: { headers, agent: agent ?? agentOf(tls) } };
      return known.credentials;
    },
    close: () => own?.agent.destroy(),
  };
}

function agentFor(server: string, tls: Tls): HttpAgent {
  return server.startsWith('http:') ? new HttpAgent(AGENT) : new Agent({ ...AGENT, ...tls });
}
