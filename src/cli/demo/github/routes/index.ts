import type { Checks } from '../checks.ts';
import type { Route } from '../http.ts';
import { accountRoutes, type RateLimit } from './accounts.ts';
import { actionsRoutes } from './actions.ts';
import { checkRoutes } from './checks.ts';
import { commitRoutes, oneCommitRoute } from './commits.ts';
import { pageRoutes } from './pages.ts';
import { type PullActions, pullRoutes } from './pulls.ts';
import { reviewRoutes } from './reviews.ts';

/** Everything the stand-in answers, in the order in which addresses are matched. */
export function allRoutes(checks: Checks | null, actions: PullActions, rate: () => RateLimit): Route[] {
  return [
    ...accountRoutes(rate),
    ...actionsRoutes(checks),
    ...checkRoutes(),
    ...pullRoutes(actions),
    ...reviewRoutes(),
    ...commitRoutes(),
    oneCommitRoute(),
    // Last, as their addresses begin with any owner.
    ...pageRoutes(),
  ];
}
