/** The two databases Healer knows. */
export type Dialect = 'sqlite' | 'postgres';
