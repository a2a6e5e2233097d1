import { messageOf } from '../../../lib/errors.ts';
import type { HttpClient } from '../../../lib/http.ts';
import { addressOf, connectPeer, type PeerConfig } from '../../peer.ts';
import { concernsPlatform } from '../../relevance.ts';
import { type SharedAnswers, sharedAnswers } from '../../shared-answers.ts';
import { answer, type ContextSource } from '../../source.ts';
import { type ListedApplication, listApplications, readApplication } from './api.ts';
import { isWell, relatedApplications } from './relate.ts';
import { applicationInWords } from './words.ts';

const MAX_APPLICATIONS = 5;

/** The applications that are deployed from the repository: sync, health, conditions, unwell resources, events. */
export function argocd(http: HttpClient, config: PeerConfig | null): ContextSource {
  const shared: SharedAnswers<readonly ListedApplication[]> = sharedAnswers();
  return {
    name: 'argocd',
    budget: { timeMs: 8_000, bytes: 40 * 1024 },
    relevant: concernsPlatform,
    async ask(context) {
      if (config === null) return answer.notConfigured('ARGOCD_SERVER is not set.');
      const { repository } = context.remediation;
      const peer = connectPeer(http, config);
      const all = await shared({ key: 'applications', ...context }, (signal) =>
        listApplications(peer, { ...context, signal }),
      );
      const related = relatedApplications(all, context.remediation);
      const [first] = related;
      if (first === undefined) return answer.empty(`Argo CD deploys nothing from ${repository}.`);
      const shown = related.slice(0, MAX_APPLICATIONS);
      const read = await Promise.allSettled(shown.map((application) => readApplication(peer, context, application)));
      const parts = read.map((result, index) =>
        result.status === 'fulfilled'
          ? applicationInWords(result.value)
          : `Application ${shown[index]?.metadata.name}: could not be read: ${messageOf(result.reason)}`,
      );
      const unwell = related.filter((application) => !isWell(application)).length;
      const count = related.length === 1 ? '1 application' : `${related.length} applications`;
      const state = unwell === 0 ? 'synced and healthy' : `${unwell} not synced and healthy`;
      const { name, namespace } = first.metadata;
      return answer.found(`${count} of ${repository} in Argo CD: ${state}.`, parts.join('\n\n'), {
        url: addressOf(config.url, ['applications', ...(namespace == null ? [] : [namespace]), name]),
        truncated: related.length > shown.length,
      });
    },
  };
}
