// Times in the reader's zone, news without a reload, light and dark. The pages are complete without this file.
const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];
// What the stream does not tell (deliveries that led to nothing, budgets) is looked at so often.
const PERIOD_MS = 15_000;
// Entries come in bursts; one look serves them all.
const SETTLE_MS = 150;
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const status = document.querySelector('.live');

function since(at) {
  const ms = at - Date.now();
  const [unit, size] = UNITS.find(([, length]) => Math.abs(ms) >= length) ?? ['second', 1_000];
  return relative.format(Math.trunc(ms / size), unit);
}

function shown(at, format) {
  if (format === 'time') return clock.format(at);
  return format === 'full' ? full.format(at) : since(at);
}

function showTimes(root) {
  for (const time of root.querySelectorAll('time')) {
    const at = Date.parse(time.dateTime);
    if (Number.isNaN(at)) continue;
    time.title = exact.format(at);
    const text = shown(at, time.dataset.format);
    if (time.textContent !== text) time.textContent = text;
  }
}

function showZone() {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  for (const zone of document.querySelectorAll('.zone')) zone.textContent = `times are ${timeZone}`;
}

// What the server sent last, by part; what the page shows differs from it by local times and opened details.
const parts = () =>
  [...document.querySelectorAll('[data-live]')].filter(({ parentElement }) => !parentElement.closest('[data-live]'));
const sent = new Map(parts().map((part) => [part.id, part.innerHTML]));

function isBusy(part) {
  const selection = getSelection();
  return (
    part.contains(document.activeElement) ||
    (selection !== null && !selection.isCollapsed && part.contains(selection.anchorNode)) ||
    [...part.querySelectorAll('textarea, input:not([type=hidden])')].some((field) => field.value !== field.defaultValue)
  );
}

function renew(part, fresh) {
  if (sent.get(part.id) === fresh || isBusy(part)) return;
  sent.set(part.id, fresh);
  const open = new Map([...part.querySelectorAll('details[id]')].map((details) => [details.id, details.open]));
  const scrolled = [...part.querySelectorAll('[tabindex="0"]')].map(({ scrollTop, scrollLeft }) => [
    scrollTop,
    scrollLeft,
  ]);
  part.innerHTML = fresh;
  for (const details of part.querySelectorAll('details[id]')) details.open = open.get(details.id) ?? details.open;
  for (const [index, region] of [...part.querySelectorAll('[tabindex="0"]')].entries()) {
    [region.scrollTop, region.scrollLeft] = scrolled[index] ?? [0, 0];
  }
  showTimes(part);
  showDeciding(part);
}

// A long excerpt begins where it matters; whoever has scrolled is left alone.
function showDeciding(root) {
  for (const excerpt of root.querySelectorAll('.excerpt')) {
    const line = excerpt.querySelector('.deciding');
    if (line !== null && excerpt.scrollTop === 0) excerpt.scrollTop = line.offsetTop - excerpt.clientHeight / 3;
  }
}

function say(text, state) {
  if (status === null || status.textContent === text) return;
  status.hidden = false;
  status.dataset.state = state;
  status.textContent = text;
}

let asking = null;
let askAgain = false;

async function look() {
  const answer = await fetch(location.href, { headers: { accept: 'text/html' }, cache: 'no-store' });
  // Signed out meanwhile: the form for it is not news.
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  document.title = fresh.title;
  for (const part of parts()) {
    const twin = fresh.getElementById(part.id);
    if (twin !== null) renew(part, twin.innerHTML);
  }
}

function refresh() {
  askAgain = true;
  asking ??= (async () => {
    try {
      while (askAgain) {
        askAgain = false;
        await look();
      }
      say('Live', 'live');
    } catch {
      say('No answer; showing what was known', 'lost');
    }
    asking = null;
  })();
  return asking;
}

let isPlanned = false;
function refreshSoon() {
  if (isPlanned) return;
  isPlanned = true;
  setTimeout(() => {
    isPlanned = false;
    refresh();
  }, SETTLE_MS);
}

// A browser keeps few connections to one place, for all of its tabs: a tab that nobody sees gives its own back.
let stream = null;
function listen() {
  const { events } = document.body.dataset;
  if (events === undefined || document.hidden || stream !== null) return;
  stream = new EventSource(events);
  stream.onopen = () => say('Live', 'live');
  stream.onmessage = refreshSoon;
  // Refused for good (signed out, too many readers): looking now and then goes on.
  stream.onerror = () => {
    if (stream?.readyState === EventSource.CLOSED) stream = null;
  };
}

function rest() {
  stream?.close();
  stream = null;
}

async function keepFresh() {
  if (!document.hidden) {
    showTimes(document);
    listen();
    await refresh();
  }
  setTimeout(keepFresh, PERIOD_MS);
}

function begin() {
  if (sent.size === 0 || document.body.dataset.events === undefined) return;
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return rest();
    listen();
    refresh();
  });
  addEventListener('pagehide', rest);
  addEventListener('pageshow', (event) => {
    if (event.persisted) listen();
  });
  listen();
  setTimeout(keepFresh, PERIOD_MS);
}

// Light, dark, or as the system: in turn.
function offerThemes() {
  const names = { system: 'Theme: system', light: 'Theme: light', dark: 'Theme: dark' };
  const order = ['system', 'light', 'dark'];
  const root = document.documentElement;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'theme plain';
  const show = () => {
    const name = root.dataset.theme ?? 'system';
    button.dataset.choice = name;
    button.title = names[name];
    button.setAttribute('aria-label', names[name]);
  };
  button.addEventListener('click', () => {
    const next = order[(order.indexOf(root.dataset.theme ?? 'system') + 1) % order.length];
    if (next === 'system') delete root.dataset.theme;
    else root.dataset.theme = next;
    try {
      if (next === 'system') localStorage.removeItem('healer-theme');
      else localStorage.setItem('healer-theme', next);
    } catch {
      // The choice holds for this page then.
    }
    show();
  });
  show();
  document.querySelector('.tools')?.prepend(button);
}

// On a small screen the entry for this page may be out of sight.
document.querySelector('.menu [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
offerThemes();
showZone();
showTimes(document);
showDeciding(document);
begin();
