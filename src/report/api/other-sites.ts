import type { preHandlerAsyncHookHandler } from 'fastify';
import { ProblemError } from '../../lib/problem.ts';

/**
 * A browser lets any web site send a POST without a body to a service on the same machine, where no token may be
 * configured. Browsers say where such a request comes from (Fetch Metadata; `Origin` in older ones); other programs
 * say nothing and pass.
 */
export const refuseOtherSites: preHandlerAsyncHookHandler = async (request) => {
  const site = request.headers['sec-fetch-site'];
  const origin = request.headers.origin;
  const fromElsewhere =
    site === undefined
      ? origin !== undefined && hostOf(origin) !== request.headers.host
      : site !== 'same-origin' && site !== 'none';
  if (fromElsewhere) throw new ProblemError(403, 'This request came from another web site, which is not allowed.');
};

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
