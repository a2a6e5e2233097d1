import { type Compilable, CompiledQuery, type DialectAdapter } from 'kysely';
import type { Reader, Tx } from './connection.ts';

/**
 * The one connection of an embedded database. Whoever calls it must be inside the transaction that holds it; it answers
 * at once, without the queues of the query builder.
 */
export interface DirectConnection {
  all(sql: string, parameters: readonly unknown[]): unknown[];
  /** Gives the number of rows changed. */
  run(sql: string, parameters: readonly unknown[]): number;
}

/** A query whose text is made once; each call only binds values. */
export interface Prepared<P, O> {
  all(db: Reader, values: P): Promise<readonly O[]>;
  first(db: Reader, values: P): Promise<O | null>;
  /** Gives the number of rows written. */
  run(db: Reader, values: P): Promise<number>;
}

/** Stands in a query for the value of that name. */
class Slot {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

const slots: object = new Proxy({}, { get: (_, name) => new Slot(String(name)) });

/** Transactions under way that may use their connection directly. */
const direct = new WeakMap<Reader, DirectConnection>();

/** While `work` runs, prepared queries of `tx` go straight to its connection. */
export async function directly<T>(tx: Tx, connection: DirectConnection, work: () => Promise<T>): Promise<T> {
  direct.set(tx, connection);
  try {
    return await work();
  } finally {
    direct.delete(tx);
  }
}

/**
 * Prepares a query for the paths that every delivery takes: building and compiling it costs more than running it.
 * `build` gets a place for each value, which it may use wherever the query takes a value; what the query looks like must
 * not depend on them.
 */
export function prepared<P extends object, O>(build: (db: Reader, values: P) => Compilable<O>): Prepared<P, O> {
  const texts = new WeakMap<DialectAdapter, CompiledQuery<O>>();
  const compiledFor = (db: Reader): CompiledQuery<O> => {
    const { adapter } = db.getExecutor();
    let compiled = texts.get(adapter);
    if (compiled === undefined) {
      compiled = build(db, slots as P).compile();
      texts.set(adapter, compiled);
    }
    return compiled;
  };
  const through = (db: Reader, compiled: CompiledQuery<O>, values: P) =>
    db.executeQuery<O>({ ...compiled, parameters: bind(compiled, values) });
  const all = async (db: Reader, values: P): Promise<readonly O[]> => {
    const compiled = compiledFor(db);
    const connection = direct.get(db);
    if (connection === undefined) return (await through(db, compiled, values)).rows;
    return connection.all(compiled.sql, bind(compiled, values)) as readonly O[];
  };
  return {
    all,
    first: async (db, values) => (await all(db, values))[0] ?? null,
    run: async (db, values) => {
      const compiled = compiledFor(db);
      const connection = direct.get(db);
      if (connection === undefined) return Number((await through(db, compiled, values)).numAffectedRows ?? 0);
      return connection.run(compiled.sql, bind(compiled, values));
    },
  };
}

function bind<P extends object>(compiled: CompiledQuery<unknown>, values: P): readonly unknown[] {
  const named = values as Readonly<Record<string, unknown>>;
  return compiled.parameters.map((parameter) => (parameter instanceof Slot ? named[parameter.name] : parameter));
}

/** A command without values, `savepoint item` for example. */
export async function command(tx: Tx, sql: string): Promise<void> {
  const connection = direct.get(tx);
  if (connection === undefined) await tx.executeQuery(CompiledQuery.raw(sql));
  else connection.run(sql, []);
}
