import type { ServerResponse } from 'node:http';

/** Which requests an outage is for; all of them unless said otherwise. */
export type Match = (method: string, path: string) => boolean;

interface Planned {
  left: number;
  readonly match: Match;
  readonly act: Misbehaviour;
}

export type Misbehaviour =
  | { readonly kind: 'fail'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'rate_limit'; readonly retryAfterSeconds: number; readonly secondary: boolean };

const everything: Match = () => true;

/** Makes the stand-in misbehave for the next requests, as GitHub sometimes does. */
export class OutageSwitch {
  #planned: Planned[] = [];
  readonly #hanging = new Set<ServerResponse>();

  failNext(count: number, status = 502, match = everything, body: unknown = { message: 'Server Error' }): void {
    this.#planned.push({ left: count, match, act: { kind: 'fail', status, body } });
  }

  /** Never answers; the connection stays open until `clear` or the end of the stand-in. */
  hangNext(count: number, match = everything): void {
    this.#planned.push({ left: count, match, act: { kind: 'hang' } });
  }

  /** Cuts the connection without an answer. */
  resetNext(count: number, match = everything): void {
    this.#planned.push({ left: count, match, act: { kind: 'reset' } });
  }

  /** 403 as GitHub words it: secondary limits with `Retry-After`, primary ones with `X-RateLimit-Remaining: 0`. */
  rateLimitNext(count: number, retryAfterSeconds: number, match = everything, secondary = true): void {
    this.#planned.push({ left: count, match, act: { kind: 'rate_limit', retryAfterSeconds, secondary } });
  }

  /** Back to normal; requests left hanging are cut. */
  clear(): void {
    this.#planned = [];
    for (const response of this.#hanging) response.destroy();
    this.#hanging.clear();
  }

  take(method: string, path: string): Misbehaviour | null {
    const planned = this.#planned.find((entry) => entry.left > 0 && entry.match(method, path));
    if (!planned) return null;
    planned.left -= 1;
    return planned.act;
  }

  hang(response: ServerResponse): void {
    this.#hanging.add(response);
    response.on('close', () => this.#hanging.delete(response));
  }
}
