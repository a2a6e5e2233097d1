import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../../../src/lib/errors.ts';
import { buildProgram } from './build.ts';
import { withLock } from './lock.ts';

/** Every program a cluster is made of. */
export const PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl', 'helm'] as const;
export type Program = (typeof PROGRAMS)[number];
export type Programs = Readonly<Record<Program, string>>;

interface Source {
  /** Folder under support/go. */
  readonly module: 'etcd' | 'kubernetes' | 'helm';
  /** The module whose version names the cache. */
  readonly versionOf: string;
  readonly package: string;
}

const SOURCES: Readonly<Record<Program, Source>> = {
  etcd: { module: 'etcd', versionOf: 'go.etcd.io/etcd/server/v3', package: 'go.etcd.io/etcd/server/v3' },
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  kubectl: kubernetes('kubectl'),
  helm: { module: 'helm', versionOf: 'helm.sh/helm/v4', package: 'helm.sh/helm/v4/cmd/helm' },
};

const GO_DIR = join(import.meta.dirname, '../go');

export interface ProvisionOptions {
  /** Folder with programs that are taken as they are (KUBEBUILDER_ASSETS); what is missing there is built. */
  readonly assets?: string | undefined;
  readonly cacheDir: string;
  /** Go's environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
}

/** Paths of all programs; builds those that are neither given nor built before. The first time takes minutes. */
export async function provision(options: ProvisionOptions): Promise<Programs> {
  const found: Partial<Record<Program, string>> = {};
  for (const program of PROGRAMS) found[program] = await provide(program, options);
  return found as Programs;
}

/** Only what a cluster is used with. */
export async function provideTools(): Promise<Pick<Programs, 'kubectl' | 'helm'>> {
  const options = provisionOptions();
  return { kubectl: await provide('kubectl', options), helm: await provide('helm', options) };
}

/** What the environment says about where programs come from and are kept. */
export function provisionOptions(env: NodeJS.ProcessEnv = process.env): ProvisionOptions {
  const cache = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const assets = env['KUBEBUILDER_ASSETS'];
  return {
    ...(assets === undefined || assets === '' ? {} : { assets }),
    cacheDir: join(cache, 'healer-test-cluster'),
    env,
    say: (line) => console.error(line),
  };
}

async function provide(program: Program, options: ProvisionOptions): Promise<string> {
  const given = options.assets === undefined ? null : join(options.assets, program);
  if (given !== null && isExecutable(given)) return given;
  const source = SOURCES[program];
  const folder = join(options.cacheDir, cacheKey(source));
  const path = join(folder, program);
  if (isExecutable(path)) return path;
  return withLock(join(options.cacheDir, `${source.module}.lock`), options.say, async () => {
    // Whoever held the lock may have built it.
    if (!isExecutable(path)) {
      await buildProgram({
        program,
        target: path,
        moduleDir: join(GO_DIR, source.module),
        package: source.package,
        linkerFlags: source.module === 'kubernetes' ? versionFlags(versionOf(source)) : [],
        env: options.env,
        say: options.say,
      });
    }
    return path;
  });
}

/** The version for people, a digest of everything that decides what is built. */
function cacheKey(source: Source): string {
  const files = ['go.mod', 'go.sum'].map((name) => readFileSync(join(GO_DIR, source.module, name)));
  const digest = createHash('sha256').update(Buffer.concat(files)).digest('hex').slice(0, 12);
  return `${source.module}-${versionOf(source)}-${process.platform}-${process.arch}-${digest}`;
}

function versionOf(source: Source): string {
  const text = readFileSync(join(GO_DIR, source.module, 'go.mod'), 'utf8');
  const escaped = source.versionOf.replaceAll('.', '\\.');
  const version = new RegExp(`^\\s*(?:require )?${escaped} (v[^\\s]+)`, 'm').exec(text)?.[1];
  if (version === undefined) throw new UserError(`${source.module}/go.mod does not require ${source.versionOf}.`);
  return version;
}

/** Kubernetes learns its version when it is linked; without it the API server says v0.0.0 and charts refuse it. */
function versionFlags(version: string): string[] {
  const [major = '', minor = ''] = version.slice(1).split('.');
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  return Object.entries(values).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
}

function kubernetes(name: string): Source {
  return { module: 'kubernetes', versionOf: 'k8s.io/kubernetes', package: `k8s.io/kubernetes/cmd/${name}` };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
