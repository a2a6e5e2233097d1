import { REASONS, type ReasonCode } from '../../model/reason.ts';
import type { ListedDelivery } from '../../store/delivery-list.ts';
import { deliveryReason } from '../api/views.ts';
import type { Word } from '../words.ts';
import { type Html, html } from './html.ts';
import { ago, badge, pager, select, why } from './parts.ts';

export interface DeliveriesData {
  readonly deliveries: readonly ListedDelivery[];
  readonly nextCursor: string | null;
  readonly query: Readonly<Record<string, string>>;
  readonly now: number;
}

/** What became of each delivery and why: the answer to “why did nothing happen?”. */
export function deliveriesPage(data: DeliveriesData): Html {
  return html`<h1>Deliveries</h1>
<p class="lead">Everything that arrived, what became of it, and why.</p>
${filters(data.query)}
<div id="deliveries" data-live>${deliveryTable(data.deliveries, data.now)}
${pager('/deliveries', data.query, data.nextCursor)}</div>`;
}

const STATES = [
  { value: 'accepted', label: 'Accepted' },
  { value: 'skipped', label: 'Skipped' },
  { value: 'ignored', label: 'Ignored' },
  { value: 'stored', label: 'Not decided yet' },
];

function filters(query: Readonly<Record<string, string>>): Html {
  const reasons = (Object.keys(REASONS) as ReasonCode[]).map((code) => ({ value: code, label: code }));
  return html`<form class="filters" method="get" action="/deliveries" role="search" aria-label="Filter deliveries">
<label class="field wide"><span>Delivery id</span><input name="id" value="${query['id'] ?? ''}" placeholder="Healer’s or X-GitHub-Delivery" autocomplete="off"></label>
${select('status', 'Became', 'Anything', STATES, query['status'] ?? '')}
${select('reason', 'Reason', 'Any reason', reasons, query['reason'] ?? '')}
<div class="buttons"><button type="submit">Filter</button>${Object.keys(query).length > 0 ? html`<a href="/deliveries">Clear</a>` : ''}</div>
</form>`;
}

export function deliveryTable(deliveries: readonly ListedDelivery[], now: number): Html {
  if (deliveries.length === 0) {
    return html`<p class="empty">No delivery to show. Did the webhook or the sensor reach this service?</p>`;
  }
  return html`<div class="scroll"><table class="list deliveries">
<thead><tr><th scope="col">Became</th><th scope="col">Event</th><th scope="col">Why</th><th scope="col">Arrived</th></tr></thead>
<tbody>${deliveries.map((delivery) => row(delivery, now))}</tbody></table></div>`;
}

function row(delivery: ListedDelivery, now: number): Html {
  const { disposition, taskId } = delivery;
  const reason = deliveryReason(delivery);
  const remediationId = disposition?.remediationId ?? null;
  return html`<tr>
<td class="state">${badge(stateOf(delivery))}</td>
<td class="what"><strong>${delivery.event ?? 'unknown event'}</strong>
<span class="where">by ${delivery.origin}${delivery.repository === null ? '' : ` · ${delivery.repository}`}</span>
<span class="id">${delivery.externalId ?? delivery.id}</span></td>
<td data-label="Why">${reason === null ? html`<span class="muted">It was not looked at yet.</span>` : why(reason)}
${remediationId === null ? '' : html`<span class="to">→ <a href="/remediations/${remediationId}">${taskId ?? remediationId}</a></span>`}</td>
<td data-label="Arrived">${ago(delivery.receivedAt, now)}</td></tr>`;
}

function stateOf({ disposition, failures }: ListedDelivery): Word {
  if (disposition === null)
    return failures > 0 ? { label: 'Will be retried', tone: 'bad' } : { label: 'Not decided yet', tone: 'waiting' };
  if (disposition.status === 'accepted') {
    return disposition.dedupStatus === 'existing'
      ? { label: 'Joined', tone: 'busy' }
      : { label: 'Accepted', tone: 'good' };
  }
  return disposition.status === 'skipped' ? { label: 'Skipped', tone: 'waiting' } : { label: 'Ignored', tone: 'quiet' };
}
