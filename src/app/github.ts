import { LABELS } from '../coderun/draft.ts';
import type { CodeRun } from '../coderun/schema.ts';
import type { Access } from '../lib/github/access.ts';
import { createGitHub, type GitHub, type GitHubAuth } from '../lib/github/client.ts';
import type { Metrics } from '../report/metrics.ts';
import { gatedWords, gateOf } from './gates.ts';
import type { Log } from './log.ts';
import { VERSION } from './paths.ts';
import type { Settings } from './settings.ts';

export function connectGitHub(
  settings: Settings,
  log: Log,
  metrics: Metrics,
  onAccess?: (access: Access) => void,
): GitHub {
  return createGitHub({
    auth: githubAuth(settings),
    version: VERSION,
    baseUrl: settings.github.apiUrl,
    log: {
      debug: (fields, message) => log.debug(fields, message),
      warn: (fields, message) => log.warn(fields, message),
    },
    onRateLimit: ({ remaining }) => metrics.githubRateLimitRemaining(remaining),
    outgoing: gatedWords(gateOf(settings)),
    ...(onAccess === undefined ? {} : { onAccess }),
  });
}

/** How the settings say that Healer shows itself to GitHub. */
export function githubAuth({ github }: Settings): GitHubAuth {
  if (github.appId !== undefined && github.privateKey !== undefined) {
    return { kind: 'app', appId: github.appId, privateKey: github.privateKey };
  }
  return github.token === undefined ? { kind: 'none' } : { kind: 'token', token: github.token };
}

/** Where git clones a repository from: the setting's pattern, else the host of the API. */
export function cloneUrls({ github }: Settings): (repository: string) => string {
  const host = new URL(github.apiUrl).host.replace(/^api\.github\.com$/, 'github.com');
  const pattern = github.cloneUrl ?? `https://${host}/{repository}.git`;
  return (repository) => pattern.replaceAll('{repository}', repository);
}

/** What an agent needs on the repository; changing workflow files takes a right of its own. */
const AGENT_PERMISSIONS = { contents: 'write', pull_requests: 'write', actions: 'read' } as const;

/** The token that a run's git works with. */
export function runTokens(github: GitHub): (codeRun: CodeRun) => ReturnType<GitHub['agentToken']> {
  return (codeRun) => {
    const { annotations } = codeRun;
    const repository = annotations[LABELS.repository] ?? '';
    const isWorkflow = annotations[LABELS.failureType] === 'github_workflow';
    return github.agentToken(repository, isWorkflow ? { ...AGENT_PERMISSIONS, workflows: 'write' } : AGENT_PERMISSIONS);
  };
}
