import { z } from 'zod';

/** Who of several replicas drives CodeRuns. */
export const leadershipSettings = {
  leaseSeconds: z.coerce.number().int().min(3).max(300).default(15).meta({
    description:
      'After so many seconds without a word from the replica that drives CodeRuns another one does; it stops by itself when two thirds have passed.',
  }),
};
