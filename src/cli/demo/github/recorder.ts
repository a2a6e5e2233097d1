import { appendFileSync } from 'node:fs';

/** One request and what was answered; bodies are parsed when they are JSON, text otherwise, null when empty. */
export interface Exchange {
  readonly kind: 'exchange';
  readonly request: {
    readonly method: string;
    /** As it was sent: percent-encoded, with its query string. */
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
  readonly answer: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
  /** The answer was made up by the outage switch. */
  readonly outage: boolean;
}

/** One webhook as it was sent; `status` is null when nobody answered. */
export interface RecordedDelivery {
  readonly kind: 'delivery';
  readonly id: string;
  readonly event: string;
  readonly body: unknown;
  readonly status: number | null;
}

/** Keeps what went in and out, so that it can be held against GitHub's published description. */
export class Recorder {
  readonly exchanges: Exchange[] = [];
  readonly deliveries: RecordedDelivery[] = [];
  readonly #file: string | null;

  constructor(file: string | null) {
    this.#file = file;
  }

  add(record: Exchange | RecordedDelivery): void {
    if (record.kind === 'exchange') this.exchanges.push(record);
    else this.deliveries.push(record);
    if (this.#file !== null) appendFileSync(this.#file, `${JSON.stringify(record)}\n`);
  }

  clear(): void {
    this.exchanges.length = 0;
    this.deliveries.length = 0;
  }
}

/** The lines of a file written with `recordTo`; a line cut off by a kill is left out. */
export function parseRecords(text: string): (Exchange | RecordedDelivery)[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Exchange | RecordedDelivery];
    } catch {
      return [];
    }
  });
}
