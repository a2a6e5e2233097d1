import { isTerminal, type Remediation } from '../../model/remediation.ts';
import { MAX_GUIDANCE } from '../api/schemas.ts';
import { FORM_TOKEN, type Visitor } from './browser-access.ts';
import { type Html, html } from './html.ts';

/** What a person can do about a remediation, as forms that work without a script. */
export function actionsView(remediation: Remediation, visitor: Visitor, formToken: string): Html {
  if (visitor.level !== 'write')
    return html`<p class="muted">${visitor.level === 'read' ? 'You are signed in with a token that may only read.' : 'Sign in with a token that may act.'}</p>`;
  const { phase } = remediation;
  const action = (verb: string): string => `/remediations/${encodeURIComponent(remediation.id)}/${verb}`;
  const token = html`<input type="hidden" name="${FORM_TOKEN}" value="${formToken}">`;
  return html`${
    phase === 'awaiting_approval'
      ? html`<form method="post" action="${action('approve')}">${token}<button class="primary" type="submit">Let an agent start</button></form>`
      : ''
  }
${retryForm(remediation, action('retry'), token)}
${
  isTerminal(phase)
    ? ''
    : html`<details id="cancel-form"><summary>Cancel it</summary><form method="post" action="${action('cancel')}">${token}
<p class="small">Healer stops the agent’s run and does nothing more here. A retry begins anew.</p>
<button class="danger" type="submit">Yes, cancel it</button></form></details>`
}`;
}

function retryForm({ phase, guidance }: Remediation, action: string, token: Html): Html {
  const does = isTerminal(phase)
    ? 'It begins anew, with all attempts ahead of it.'
    : 'The next attempt’s prompt carries your words.';
  return html`<details id="retry-form"${isTerminal(phase) && phase !== 'succeeded' ? html` open` : ''}><summary>${isTerminal(phase) ? 'Try again' : 'Retry with guidance'}</summary>
<form method="post" action="${action}">${token}
<label class="field"><span>Guidance for the agent (optional)</span>
<textarea name="guidance" rows="4" maxlength="${MAX_GUIDANCE}" placeholder="For example: use the HTTP client of src/net, not fetch">${guidance?.text ?? ''}</textarea></label>
<label class="field"><span>How it meets the prompt</span><select name="mode"><option value="append">Added to the prompt</option><option value="replace"${guidance?.mode === 'replace' ? html` selected` : ''}>In place of the prompt</option></select></label>
<p class="small muted">${does}</p>
<button class="primary" type="submit">Retry</button></form></details>`;
}
