import { PermanentError, RetryableError } from '../../lib/errors.ts';
import { githubError, statusOf } from '../../lib/github/errors.ts';

/**
 * An error of GitHub's for what Healer keeps on a pull request. A right that is missing (401, 403) is given by people
 * while Healer runs, so that it is worth some more tries; what is not there or not valid is not.
 */
export function tellingError(error: unknown, what: string, now: number): PermanentError | RetryableError {
  const known = githubError(error, what, now);
  const status = statusOf(error);
  if (known instanceof PermanentError && (status === 401 || status === 403))
    return new RetryableError(known.message, { cause: error });
  return known;
}
