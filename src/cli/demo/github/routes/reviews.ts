import { type Call, notFound, numberParam, ok, paginate, type Route, route } from '../http.ts';
import { reviewCommentShape, reviewShape } from '../shapes/reviews.ts';

const PULL = '/repos/{owner}/{repo}/pulls/{number}';

/** What people said about a pull request, and beside its lines; tests put it there. */
export function reviewRoutes(): Route[] {
  return [
    route('GET', `${PULL}/reviews`, (call) => {
      const given = call.world.store.state.reviews.filter(({ pull }) => pull === thePull(call));
      const { items, headers } = paginate(call, given);
      return ok(
        items.map((review) => reviewShape(call.world, review)),
        headers,
      );
    }),
    route('GET', `${PULL}/comments`, (call) => {
      const written = call.world.store.state.reviewComments.filter(({ pull }) => pull === thePull(call));
      const { items, headers } = paginate(
        call,
        call.query.get('direction') === 'desc' ? written.toReversed() : written,
      );
      return ok(
        items.map((comment) => reviewCommentShape(call.world, comment)),
        headers,
      );
    }),
  ];
}

function thePull(call: Call): number {
  const number = numberParam(call, 'number');
  if (!call.world.store.state.pulls.some((candidate) => candidate.number === number)) throw notFound();
  return number;
}
