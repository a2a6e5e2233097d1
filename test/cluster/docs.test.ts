import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CHART, ROOT } from '../charts/documents.ts';
import { temporaryFolder } from '../support/service.ts';
import { type Cluster, startCluster, until } from './support/cluster.ts';
import { provideTools } from './support/provision/programs.ts';

const run = promisify(execFile);
const IMAGE = 'ghcr.io/5dlabs/healer:0.1.0';
const MAIN = [process.execPath, '--disable-warning=ExperimentalWarning', join(ROOT, 'src/main.ts')];
const page = readFileSync(join(ROOT, 'docs/kubernetes.md'), 'utf8');
const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text]) => text ?? '');

let cluster: Cluster;
const folder = temporaryFolder();
const env: Record<string, string> = {};

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.node.image(IMAGE, { entrypoint: MAIN, workingDir: ROOT, overrideEnv: { HOST: '$(POD_IP)' } });
  // What a reader has at hand: the two programs, the chart, the App's key, values of their own.
  const programs = join(folder.path, 'bin');
  mkdirSync(programs);
  const { kubectl, helm } = await provideTools();
  symlinkSync(helm, join(programs, 'helm'));
  writeFileSync(join(programs, 'kubectl'), kubectlWithoutExec(kubectl), { mode: 0o755 });
  symlinkSync(join(ROOT, 'charts'), join(folder.path, 'charts'));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(
    join(folder.path, 'app.private-key.pem'),
    privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
  copyFileSync(join(CHART, 'examples/embedded.yaml'), join(folder.path, 'values.yaml'));
  const path = [programs, process.env['PATH'] ?? ''].join(delimiter);
  Object.assign(env, { PATH: path, HOME: folder.path, KUBECONFIG: cluster.kubeconfig });
}, 900_000);
afterAll(async () => {
  await cluster?.stop();
  folder.remove();
});

/** The tests' node has no `exec`: what would run in the Pod runs here, with the rights of the Pod's ServiceAccount. */
function kubectlWithoutExec(kubectl: string): string {
  return `#!/bin/bash
if [ "$3" != exec ]; then exec "${kubectl}" "$@"; fi
shift 7
cd "${ROOT}" && KUBECONFIG=$POD_KUBECONFIG HEALER_ENGINE=kubernetes HEALER_NAMESPACE=healer HEALER_DATA_DIR="$HOME/data" \\
  HEALER_KUBERNETES_IMAGE=x exec ${MAIN.map((word) => `"${word}"`).join(' ')} "$@"
`;
}

async function ready(): Promise<boolean> {
  const text = await cluster.kubectl(['get', 'deployment', 'healer', '-n', 'healer', '-o', 'json']);
  return (JSON.parse(text) as { status?: { readyReplicas?: number } }).status?.readyReplicas === 1;
}

it('docs/kubernetes.md has commands that do what it says, from the first to the last', {
  timeout: 600_000,
}, async () => {
  expect(blocks.length).toBeGreaterThanOrEqual(4);
  for (const block of blocks) {
    const script = block.replace('GITHUB_WEBHOOK_SECRET=…', 'GITHUB_WEBHOOK_SECRET=a-secret-of-the-test');
    // A person waits until it is there before going on.
    const [install, test] = script.split(/^(?=helm test)/m);
    for (const part of [install, test]) {
      if (part === undefined) continue;
      const ran = await run('bash', ['-euc', part], { cwd: folder.path, env }).catch((error: unknown) => error);
      const said = ran as { stdout?: string; stderr?: string };
      // `doctor` says what is missing with its exit code; here GitHub is.
      const isDoctor = part.includes('healer.js doctor');
      if (!isDoctor) expect(ran instanceof Error ? `${ran.message}\n${said.stdout}` : null, part).toBeNull();
      else expect(said.stdout, part).toMatch(/^ok +cluster rights/m);
      if (part.includes('helm install')) {
        await until(150_000, 'the service is not ready', ready);
        env['POD_KUBECONFIG'] = cluster.kubeconfigFor(await cluster.tokenFor('healer', 'healer'), 'healer');
      }
    }
  }
  const left = await cluster.kubectl(['get', 'coderuns,deployments', '-n', 'healer', '-o', 'name']);
  expect(left.trim()).toBe('');
});
