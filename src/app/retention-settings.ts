import { z } from 'zod';

/** GitHub can send a delivery again for three days (LESSONS I4): a shorter memory would take it for a new one. */
const SHORTEST_DAYS = 4;

/** How long things are kept. */
export const retentionSettings = {
  retention: z
    .strictObject({
      deliveryDays: z.coerce.number().min(SHORTEST_DAYS).default(30).meta({
        description: 'Days that deliveries are kept with their bodies, after which nobody can look them up.',
      }),
      remediationDays: z.coerce.number().min(SHORTEST_DAYS).default(365).meta({
        description:
          'Days that ended remediations are kept with timeline, evidence and prompts; what was learned stays.',
      }),
    })
    .prefault({}),
};
