import { monotonicFactory } from 'ulid';

/** ULIDs that sort by creation, also within one millisecond. */
export const newId: () => string = monotonicFactory();
