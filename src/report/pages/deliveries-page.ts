import type { DELIVERY_ORIGINS, Delivery } from '../../model/delivery.ts';
import { REASONS, type ReasonCode } from '../../model/reason.ts';
import type { ListedDelivery } from '../../store/delivery-list.ts';
import { deliveryReason } from '../api/views.ts';
import { duration, type Word } from '../words.ts';
import { type Html, html, type Part } from './html.ts';
import { ago, badge, code, factList, fullTime, pager, select, textField, why } from './parts.ts';

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
  const reasons = (Object.keys(REASONS) as ReasonCode[]).map((name) => ({ value: name, label: name }));
  const id = {
    name: 'id',
    label: 'Delivery id',
    value: query['id'] ?? '',
    placeholder: 'Healer’s or X-GitHub-Delivery',
  };
  return html`<form class="filters" method="get" action="/deliveries" role="search" aria-label="Filter deliveries">
${textField({ ...id, isWide: true })}
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
  return html`<tr>
<td class="state">${badge(stateOf(delivery))}</td>
<td class="what"><a href="/deliveries/${delivery.id}">${delivery.event ?? 'unknown event'}</a>
<span class="where">by ${delivery.origin}${delivery.repository === null ? '' : html` · <b>${delivery.repository}</b>`}</span>
<span class="id">${delivery.externalId ?? delivery.id}</span></td>
<td data-label="Why">${reasonOf(delivery)}${ledTo(delivery)}</td>
<td data-label="Arrived">${ago(delivery.receivedAt, now)}</td></tr>`;
}

function reasonOf(delivery: ListedDelivery): Html {
  const reason = deliveryReason(delivery);
  return reason === null ? html`<span class="muted">It was not looked at yet.</span>` : why(reason);
}

function ledTo({ disposition, taskId }: ListedDelivery): Html {
  const remediationId = disposition?.remediationId ?? null;
  if (remediationId === null) return html``;
  return html`<span class="to">→ <a href="/remediations/${remediationId}">${taskId ?? remediationId}</a></span>`;
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

/** What people call the doors. */
const DOORS: Readonly<Record<(typeof DELIVERY_ORIGINS)[number], string>> = {
  'ci-failure': 'the door for CI failures',
  'security-alert': 'the door for security alerts',
  review: 'the door for reviews',
  command: 'the door for commands',
  'play-failure': 'the door for failed plays',
  'platform-alert': 'Alertmanager, platform alerts',
  'workflow-alert': 'Alertmanager, workflow alerts',
  github: 'GitHub’s webhook',
};

export interface DeliveryData {
  readonly delivery: ListedDelivery;
  /** As it is kept: without the secrets that were in it. */
  readonly body: Delivery['body'];
  readonly now: number;
}

/** One delivery: what it was, what became of it, and why. */
export function deliveryPage({ delivery, body, now }: DeliveryData): Html {
  const { disposition, decidedAt, receivedAt } = delivery;
  const reason = deliveryReason(delivery);
  const rows: readonly (readonly [string, Part])[] = [
    ['Arrived', html`${fullTime(receivedAt)} (${ago(receivedAt, now)})`],
    ['Came through', DOORS[delivery.origin]],
    ['Event', delivery.event ?? 'not named'],
    ['Decided', decidedAt === null ? 'not yet' : `after ${duration(decidedAt - receivedAt)}`],
    ['Known before', disposition === null ? '–' : KNOWN[disposition.dedupStatus]],
    ...(delivery.failures === 0 ? [] : ([['Deciding failed', `${delivery.failures} times`]] as const)),
    ['Delivery', code(delivery.id)],
    ...(delivery.externalId === null ? [] : ([['Sender’s id', code(delivery.externalId)]] as const)),
    ['Size', `${body.byteLength.toLocaleString('en')} bytes`],
  ];
  return html`<p class="crumbs"><a href="/deliveries">Deliveries</a> / ${delivery.id}</p>
<h1>${delivery.event ?? 'A delivery'}</h1>
<div id="delivery" data-live><div class="state-line ${stateOf(delivery).tone}">${badge(stateOf(delivery))}
<p>${reasonOf(delivery)}${ledTo(delivery)}</p></div>
${reason === null ? '' : html`<p class="muted">${REASONS[reason.code]}</p>`}
<section class="panel" aria-label="Details">${factList(rows)}</section></div>
<section aria-labelledby="body-title"><h2 id="body-title">What it said</h2>
<details id="body"><summary>The body as it is kept; secrets were taken out at arrival</summary><pre class="prompt" tabindex="0">${bodyText(body)}</pre></details></section>`;
}

const KNOWN = { new: 'no', existing: 'yes, it was joined', skipped: 'not compared' } as const;

/** More than this is not read on a page, in characters. */
const MAX_BODY = 60_000;

function bodyText(body: Uint8Array): string {
  const text = new TextDecoder().decode(body.subarray(0, MAX_BODY * 4));
  const pretty = body.byteLength <= MAX_BODY ? prettyJson(text) : text;
  return pretty.length <= MAX_BODY ? pretty : `${pretty.slice(0, MAX_BODY)}\n… the rest is left out here`;
}

function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
