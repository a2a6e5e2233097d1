/**
 * A string of which somebody outside chose the words. It cannot be printed as it is: a template that forgets a helper
 * fails when it is loaded, because every template is rendered once with the production data builder at that time.
 */
export class Untrusted {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** For the helpers that quote or fence. */
  read(): string {
    return this.#text;
  }

  toString(): never {
    throw new Error('text from outside is printed without a helper (code, shell or fence)');
  }

  toJSON(): never {
    return this.toString();
  }
}

export function untrusted(text: string): Untrusted {
  return new Untrusted(text);
}
