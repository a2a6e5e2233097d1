import { beforeAll } from 'vitest';
import { codeRunsContract, runsContract } from '../contract/engine-suite.ts';
import { installDefinition, openKubernetesBench } from './engine-bench.ts';
import { sharedCluster } from './support/cluster.ts';

const cluster = sharedCluster();
beforeAll(() => installDefinition(cluster));

codeRunsContract('kubernetes', () => openKubernetesBench(cluster));
runsContract('kubernetes', () => openKubernetesBench(cluster));
