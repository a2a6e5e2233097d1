import type { GitHub } from '../../lib/github/client.ts';
import { jobLogDownloader, type Sleep } from '../../lib/github/job-log.ts';
import { createHttpClient, type HttpClient } from '../../lib/http.ts';
import type { PeerConfig } from '../peer.ts';
import type { ContextSource } from '../source.ts';
import { annotations } from './annotations/index.ts';
import { type ArgoWorkflowsConfig, argoWorkflows } from './argo-workflows/index.ts';
import { argocd } from './argocd/index.ts';
import { changedFiles } from './changed-files/index.ts';
import { checks } from './checks/index.ts';
import { githubLogs } from './github-logs/index.ts';
import { grafana } from './grafana/index.ts';
import { headCommit } from './head-commit/index.ts';
import { type KubernetesConfig, kubernetes } from './kubernetes/index.ts';
import { lastGreen } from './last-green/index.ts';
import { type LokiConfig, loki } from './loki/index.ts';
import { pastRemediations, type Recall } from './past-remediations/index.ts';
import { type PrometheusConfig, prometheus } from './prometheus/index.ts';
import { pullRequest } from './pull-request/index.ts';
import { reviews } from './reviews/index.ts';
import { similarPullRequests } from './similar-pull-requests/index.ts';

/** The systems beyond GitHub, as the settings name them; one that is missing answers `not_configured`. */
export interface Systems {
  readonly argocd?: PeerConfig | null;
  readonly argoWorkflows?: ArgoWorkflowsConfig | null;
  readonly grafana?: PeerConfig | null;
  readonly prometheus?: PrometheusConfig | null;
  readonly loki?: LokiConfig | null;
  readonly kubernetes?: KubernetesConfig | null;
}

/** What the sources need of the world. */
export interface SourceDeps {
  readonly github: GitHub;
  /** How the wait for a log that is not there yet is spent; tests do not wait. */
  readonly sleep?: Sleep;
  readonly http?: HttpClient;
  readonly systems?: Systems;
  /** The memory of past attempts; without one the source answers `not_configured`. */
  readonly recall?: Recall;
}

/** Every source of context: one line a folder, in the order in which a brief shows them. */
export function createSources({ github, sleep, systems = {}, ...deps }: SourceDeps): readonly ContextSource[] {
  const http = deps.http ?? createHttpClient({ userAgent: 'healer' });
  const download = jobLogDownloader(github, sleep);
  return [
    githubLogs(github, download),
    annotations(github),
    checks(github),
    changedFiles(github),
    headCommit(github),
    pullRequest(github),
    reviews(github),
    // What is written into an old log does not come later: nobody waits for it.
    lastGreen(
      github,
      jobLogDownloader(github, () => Promise.resolve()),
    ),
    similarPullRequests(github),
    pastRemediations(deps.recall ?? null),
    argocd(http, systems.argocd ?? null),
    argoWorkflows(http, systems.argoWorkflows ?? null),
    kubernetes(systems.kubernetes ?? null),
    prometheus(http, systems.prometheus ?? null),
    loki(http, systems.loki ?? null),
    grafana(http, systems.grafana ?? null),
  ];
}
