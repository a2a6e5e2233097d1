import type { Notice, NoticeItem } from '../../../src/model/notice.ts';

export const OPENED = Date.UTC(2026, 2, 14, 9, 30);

export function anItem(changes: Partial<NoticeItem> = {}): NoticeItem {
  return {
    key: 'subject:ci:acme/shop:feature',
    isOpen: true,
    tone: 'bad',
    title: 'acme/shop feature: a clippy finding',
    status: 'Healer has stopped and hands over. 3 attempts did not make it green.',
    facts: [
      { label: 'Branch', text: 'feature' },
      { label: 'Red at the start', text: 'clippy' },
    ],
    details: ['Attempt 1, Rex: still red. Still red on 1111111a: clippy.'],
    links: [{ label: 'What failed', url: 'https://github.com/acme/shop/actions/runs/41' }],
    taskId: 'ci-41',
    ...changes,
  };
}

export function aNotice(changes: Partial<Notice> = {}): Notice {
  return {
    id: '01JD0000000000000000000009',
    kind: 'escalation',
    severity: 'warning',
    repository: 'acme/shop',
    sequence: 1,
    openedAt: OPENED,
    updatedAt: OPENED,
    items: [anItem()],
    ...changes,
  };
}

/** The notice as it goes on: the first state is open, every later one says something else. */
export function noticeState(n: number): Notice {
  const status = n === 1 ? anItem().status : `State ${n}: another try is under way.`;
  return aNotice({ sequence: n, updatedAt: OPENED + n * 1_000, items: [anItem({ status })] });
}

/** What somebody writes who wants to ping, link, format, or break out. */
export const EVIL =
  '@everyone @here <!channel> <!here> <@U012AB3CD> <#C1> <@&5> [click](https://evil.example) <https://evil.example|ok> **b** _i_ ~s~ `c` ```f``` ||x|| > q # h :smile: https://evil.example/p www.evil.example mailto:x@evil.example\r\nBcc: all@evil.example';

export function hostileNotice(): Notice {
  const item = anItem({
    key: EVIL,
    title: EVIL,
    status: EVIL,
    facts: [{ label: 'Branch', text: EVIL }],
    details: [EVIL, EVIL],
    links: [
      { label: 'What failed', url: 'javascript:alert(1)' },
      { label: 'Page', url: 'https://ok.example/a|b>c)d](x)' },
    ],
    taskId: EVIL,
  });
  return aNotice({ repository: EVIL, items: [item] });
}

export function longNotice(items = 300): Notice {
  const long = '*<@&`_😀'.repeat(3_000);
  const item = anItem({
    title: long,
    status: long,
    facts: Array.from({ length: 40 }, (_, n) => ({ label: `Label ${n} ${long}`, text: long })),
    details: Array.from({ length: 100 }, () => long),
    links: Array.from({ length: 30 }, (_, n) => ({ label: 'Page', url: `https://ok.example/${n}/${'x'.repeat(400)}` })),
  });
  return aNotice({ items: Array.from({ length: items }, (_, n) => ({ ...item, key: `k${n}` })) });
}
