import { request } from 'node:http';
import type { ImageDefinition, PodFailure, PodMatch, PodOrder, RunningContainer } from '../cluster-types.ts';

/** What a test may ask of the node's process; one JSON document each way over its socket. */
export type NodeRequest =
  | { readonly do: 'image'; readonly name: string; readonly definition: ImageDefinition }
  | { readonly do: 'tell'; readonly match: PodMatch; readonly order: PodOrder }
  | { readonly do: 'forget'; readonly order: number | null }
  | { readonly do: 'fail'; readonly namespace: string; readonly pod: string; readonly how: PodFailure }
  | { readonly do: 'share'; readonly folder: string }
  | { readonly do: 'running' };

export interface NodeAnswers {
  readonly image: null;
  readonly tell: number;
  readonly forget: null;
  readonly fail: null;
  readonly share: null;
  readonly running: readonly RunningContainer[];
}

/** Throws with the node's own words when it refuses. */
export function askNode<K extends NodeRequest['do']>(
  socketPath: string,
  question: Extract<NodeRequest, { do: K }>,
): Promise<NodeAnswers[K]> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, method: 'POST', path: '/', agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(JSON.parse(text) as NodeAnswers[K]);
        else reject(new Error(`The stand-in node refuses “${question.do}”: ${text}`));
      });
    });
    asking.once('error', reject);
    asking.end(JSON.stringify(question));
  });
}
