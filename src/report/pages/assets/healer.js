// Times in the reader's zone, and news without a reload. The pages are complete without this file.
const PERIOD_MS = 5_000;
const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const status = document.querySelector('.live');

function since(at) {
  const ms = at - Date.now();
  const [unit, size] = UNITS.find(([, length]) => Math.abs(ms) >= length) ?? ['second', 1_000];
  return relative.format(Math.trunc(ms / size), unit);
}

function showTimes(root) {
  for (const time of root.querySelectorAll('time')) {
    const at = Date.parse(time.dateTime);
    if (Number.isNaN(at)) continue;
    time.title = exact.format(at);
    time.textContent = time.dataset.format === 'time' ? clock.format(at) : since(at);
  }
}

// What the server sent last, by part; what the page shows differs from it by local times and opened details.
const sent = new Map([...document.querySelectorAll('[data-live]')].map((part) => [part.id, part.innerHTML]));

function isBusy(part) {
  const selection = getSelection();
  return (
    part.contains(document.activeElement) ||
    (selection !== null && !selection.isCollapsed && part.contains(selection.anchorNode))
  );
}

function renew(part, fresh) {
  if (sent.get(part.id) === fresh || isBusy(part)) return;
  sent.set(part.id, fresh);
  const open = new Set([...part.querySelectorAll('details[open]')].map((details) => details.id));
  part.innerHTML = fresh;
  for (const details of part.querySelectorAll('details')) details.open = open.has(details.id);
  showTimes(part);
}

function say(text) {
  if (status === null || status.textContent === text) return;
  status.hidden = false;
  status.textContent = text;
}

async function refresh() {
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' }, cache: 'no-store' });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const part of document.querySelectorAll('[data-live]')) {
      const twin = fresh.getElementById(part.id);
      if (twin !== null) renew(part, twin.innerHTML);
    }
    say('Updates by itself');
  } catch {
    say('No answer from Healer; showing what was known');
  }
}

async function keepFresh() {
  if (!document.hidden) {
    await refresh();
    showTimes(document);
  }
  setTimeout(keepFresh, PERIOD_MS);
}

showTimes(document);
if (sent.size > 0) {
  say('Updates by itself');
  setTimeout(keepFresh, PERIOD_MS);
}
