import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, onFreePort } from '../../support/ports.ts';
import { isRunning } from '../../support/postgres-server.ts';
import type { ClusterOptions } from './cluster-types.ts';
import { apiserverCommand, controllerManagerCommand, etcdCommand } from './control-plane/commands.ts';
import { EndedEarly, killNow } from './control-plane/daemon.ts';
import { DAEMONS, daemonsOf } from './control-plane/daemons.ts';
import { type ClusterFile, pathsIn, writeCluster, writeIdentity, writeKubeconfig } from './control-plane/layout.ts';
import { nodeCommand } from './kubelet/command.ts';
import { inspectHost } from './kubelet/host.ts';
import { type Programs, provision, provisionOptions } from './provision/programs.ts';

const PREFIX = 'healer-test-cluster-';
/** It stopped by itself: another process had its port. */
const isTaken = (error: unknown): boolean => error instanceof EndedEarly;

/** Starts everything, in a folder of its own, and gives that folder. */
export async function startProcesses(options: ClusterOptions): Promise<string> {
  // Before minutes are spent on building.
  if (options.withNode !== false) inspectHost();
  sweep();
  const programs = await provision(provisionOptions());
  const home = newHome();
  try {
    const tokens = writeIdentity(home, Date.now());
    const file = { server: '', etcd: '', tokens, programs: { kubectl: programs.kubectl, helm: programs.helm } };
    const { etcd } = await startEtcd(home, programs, file);
    const { server } = await startApiserver(home, programs, { ...file, etcd }, options);
    const { kubeconfig, controllerKubeconfig, ca } = pathsIn(home);
    writeKubeconfig(kubeconfig, server, ca, tokens.admin);
    writeKubeconfig(controllerKubeconfig, server, ca, tokens.controllerManager);
    await startActors(home, programs, options);
    return home;
  } catch (error) {
    endAll(home);
    throw error;
  }
}

/** A folder for a cluster. Whoever forgets to stop it, or fails on the way, leaves nothing running. */
export function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  process.once('exit', () => endAll(home));
  return home;
}

/** SIGKILL for every process of a cluster, without waiting. */
export function endAll(home: string): void {
  for (const name of DAEMONS) killNow(home, name);
}

function startEtcd(home: string, programs: Programs, file: ClusterFile): Promise<ClusterFile> {
  return onFreePort(async (port) => {
    const next = { ...file, etcd: `http://127.0.0.1:${port}` };
    writeCluster(home, next);
    await daemonsOf(home).etcd.start(etcdCommand(home, programs.etcd, port, await freePort()));
    return next;
  }, isTaken);
}

function startApiserver(
  home: string,
  programs: Programs,
  file: ClusterFile,
  options: ClusterOptions,
): Promise<ClusterFile> {
  return onFreePort(async (port) => {
    const next = { ...file, server: `https://127.0.0.1:${port}` };
    writeCluster(home, next);
    const addresses = { port, etcd: file.etcd };
    const command = apiserverCommand(home, programs['kube-apiserver'], addresses, options.apiserverArgs ?? []);
    await daemonsOf(home).apiserver.start(command);
    return next;
  }, isTaken);
}

/** What acts on objects: the controllers, and the node with its scheduler. */
async function startActors(home: string, programs: Programs, options: ClusterOptions): Promise<void> {
  const daemons = daemonsOf(home);
  const starting: Promise<void>[] = [];
  if (options.withControllerManager !== false) {
    const args = options.controllerManagerArgs ?? [];
    const command = controllerManagerCommand(home, programs['kube-controller-manager'], args);
    starting.push(daemons.controllerManager.start(command));
  }
  if (options.keep === true) writeFileSync(join(home, 'keep'), 'yes');
  if (options.withNode !== false) starting.push(daemons.node.start(nodeCommand(home, options)));
  await Promise.all(starting);
}

/** A test run that was killed could not clean up; its processes end here. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || isRunning(Number(owner))) continue;
    const home = join(tmpdir(), name);
    endAll(home);
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  }
}
