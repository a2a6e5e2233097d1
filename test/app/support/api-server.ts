import { PermanentError, RetryableError } from '../../../src/lib/errors.ts';
import type { KubernetesClient, KubernetesRequest } from '../../../src/lib/kubernetes/client.ts';

/** What the API server would answer; a thrown error is a server that cannot be reached. */
export type Answers = (request: KubernetesRequest) => { readonly status?: number; readonly body?: unknown };

/** A client whose other side is a function, with the requests that it saw. */
export function clientOf(answers: Answers): { readonly client: KubernetesClient; readonly seen: KubernetesRequest[] } {
  const seen: KubernetesRequest[] = [];
  const unused = async (): Promise<never> => {
    throw new Error('Nobody asks this here.');
  };
  const client: KubernetesClient = {
    server: 'https://api.example:6443',
    namespace: 'healer',
    request: async (request) => {
      seen.push(request);
      const { status = 200, body } = answers(request);
      if (status >= 400 && !request.expect?.includes(status)) {
        const Kind = status >= 500 ? RetryableError : PermanentError;
        throw new Kind(`${request.path} answered ${status}`);
      }
      return { status, body, bytes: 0 };
    },
    list: unused,
    stream: unused,
    text: unused,
    close: () => {},
  };
  return { client, seen };
}

export function away(): never {
  throw new RetryableError('connect ECONNREFUSED');
}
