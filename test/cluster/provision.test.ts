import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PROGRAMS, type ProvisionOptions, provision, provisionOptions } from './support/provision/programs.ts';

let folder = '';
let said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'healer-provision-'));
  said = [];
});

afterEach(() => rmSync(folder, { recursive: true }));

/** A Go that writes down what it was asked for, and "compiles" by copying that. */
function withGo(script: string): ProvisionOptions {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'go'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, 'go'), 0o755);
  return options(`${bin}${delimiter}/usr/bin${delimiter}/bin`);
}

function options(path: string): ProvisionOptions {
  return { cacheDir: join(folder, 'cache'), env: { PATH: path }, say: (line) => said.push(line) };
}

const COMPILE = `echo "$@" >> ${'"$(dirname "$0")"'}/calls
while [ "$1" != -o ]; do shift; done
echo program > "$2"; chmod +x "$2"`;
const calls = () => readFileSync(join(folder, 'bin/calls'), 'utf8').trim().split('\n');

describe('the programs of a cluster', () => {
  it('are compiled once, stripped and with their version, and kept', async () => {
    const first = await provision(withGo(COMPILE));
    expect(calls()).toHaveLength(PROGRAMS.length);
    const apiserver = calls().find((line) => line.endsWith('/kube-apiserver')) ?? '';
    expect(apiserver).toMatch(/-trimpath -ldflags=-s -w .*version\.gitVersion=v1\.\d+\.\d+/);
    expect(await provision(withGo(COMPILE))).toEqual(first);
    expect(calls()).toHaveLength(PROGRAMS.length);
    expect(said.filter((line) => line.startsWith('Built '))).toHaveLength(PROGRAMS.length);
  });

  it('are compiled by one process at a time, and only by the first', async () => {
    const both = withGo(`sleep 0.1\n${COMPILE}`);
    const [one, two] = await Promise.all([provision(both), provision(both)]);
    expect(two).toEqual(one);
    expect(calls()).toHaveLength(PROGRAMS.length);
  });

  it('do not appear half made when Go fails', async () => {
    const failing = withGo('while [ "$1" != -o ]; do shift; done; echo half > "$2"; echo no such module >&2; exit 1');
    await expect(provision(failing)).rejects.toThrow(/go build go\.etcd\.io.* ended with 1[\s\S]*no such module/);
    const files = readdirSync(join(folder, 'cache'), { recursive: true, withFileTypes: true }).filter((f) =>
      f.isFile(),
    );
    expect(files).toEqual([]);
  });

  it('need Go, and say so', async () => {
    const nowhere = options(join(folder, 'empty'));
    await expect(provision(nowhere)).rejects.toThrow(/Go is missing.*Install Go 1\.26 or newer/);
  });

  it('are taken from KUBEBUILDER_ASSETS where they are there', async () => {
    const assets = join(folder, 'assets');
    mkdirSync(assets);
    for (const program of ['etcd', 'kube-apiserver', 'kubectl']) {
      writeFileSync(join(assets, program), '');
      chmodSync(join(assets, program), 0o755);
    }
    const programs = await provision({ ...withGo(COMPILE), assets });
    expect(programs.etcd).toBe(join(assets, 'etcd'));
    expect(calls().map((line) => line.split('/').at(-1))).toEqual(['kube-controller-manager', 'helm']);
  });

  it('are kept where the environment says', () => {
    const named = provisionOptions({ XDG_CACHE_HOME: '/cache', KUBEBUILDER_ASSETS: '/assets' });
    expect(named).toMatchObject({ cacheDir: '/cache/healer-test-cluster', assets: '/assets' });
  });
});
