import type { Kysely, Transaction } from 'kysely';
import type { Database } from './schema.ts';

/** What writes: always inside a transaction. */
export type Tx = Transaction<Database>;

/** What only reads may do so inside a transaction or outside. */
export type Reader = Kysely<Database> | Tx;
