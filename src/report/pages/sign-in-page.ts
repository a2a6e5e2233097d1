import { type Html, html } from './html.ts';
import { formField } from './layout.ts';
import { textField } from './parts.ts';

export interface SignInData {
  /** Where to go afterwards: a path of this service. */
  readonly next: string;
  readonly formToken: string;
  /** Why the last try did not work. */
  readonly refused: string | null;
  readonly name: string;
}

/** Tokens are what Healer knows people by. */
export function signInPage({ next, formToken, refused, name }: SignInData): Html {
  return html`<div class="narrow"><h1>Sign in</h1>
<p class="lead">With Healer’s API token you may read and act, with its read token you may read.</p>
${refused === null ? '' : html`<p class="notice bad" role="alert">${refused}</p>`}
<form class="panel stacked" method="post" action="/sign-in">${formField(formToken)}<input type="hidden" name="next" value="${next}">
<label class="field"><span>Token</span><input type="password" name="token" required autocomplete="current-password"></label>
${textField({ name: 'name', label: 'Your name, for timelines (optional)', value: name })}
<div class="buttons"><button class="primary" type="submit">Sign in</button></div></form>
<p class="muted small">The browser keeps a signed cookie for twelve hours, not the token. Taking the token out of Healer’s settings ends every session that was begun with it.</p></div>`;
}
