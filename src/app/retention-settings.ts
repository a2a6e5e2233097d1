import { z } from 'zod';

/** GitHub can send a delivery again for three days (LESSONS I4): a shorter memory would take it for a new one. */
const SHORTEST_DAYS = 4;
/** What is older weighs nothing in the choice of an agent (src/learn/decay.ts); what is younger is needed for it. */
const SHORTEST_MEMORY_DAYS = 180;

const days = (shortest: number, value: number, description: string) =>
  z.coerce.number().min(shortest).default(value).meta({ description });

/** How long things are kept. */
export const retentionSettings = {
  retention: z
    .strictObject({
      deliveryDays: days(
        SHORTEST_DAYS,
        30,
        'Days that deliveries are kept with their bodies, after which nobody can look them up.',
      ),
      commandDays: days(SHORTEST_DAYS, 90, 'Days that `/healer` commands are kept after they were carried out.'),
      noticeDays: days(
        SHORTEST_DAYS,
        90,
        'Days that messages to people are kept after their last change, when what they tell of is over; they are not edited any more then.',
      ),
      remediationDays: days(
        SHORTEST_DAYS,
        365,
        'Days that ended remediations are kept with timeline, evidence, prompts and CodeRuns; what was learned stays.',
      ),
      taskDays: days(
        SHORTEST_DAYS,
        365,
        'Days that runs of tasks are kept after their end; the same submission begins anew afterwards.',
      ),
      memoryDays: days(
        SHORTEST_MEMORY_DAYS,
        730,
        'Days that outcomes, lessons and merges are kept. Agents are chosen by those of the last 180; a breakage that comes again is known by its fingerprint for as long as this.',
      ),
    })
    .prefault({}),
};
