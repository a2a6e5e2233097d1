import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findings, launch, leave, overflow, SCHEMES, SCREENS, shoot, visit } from './support/browser.ts';
import { type ShownService, showGallery } from './support/shown-service.ts';

let browser: Browser;
let shown: ShownService;

beforeAll(async () => {
  [browser, shown] = await Promise.all([launch(), showGallery({ tokens: false })]);
});
afterAll(async () => {
  await browser?.close();
  await shown?.stop();
});

const PAGES = {
  overview: () => '/',
  remediations: () => '/remediations',
  search: () => '/remediations?q=acme%2Fshop&phase=succeeded',
  nothing: () => '/remediations?q=nowhere',
  fixed: () => `/remediations/${shown.gallery.fixed.id}`,
  escalated: () => `/remediations/${shown.gallery.escalated.id}`,
  working: () => `/remediations/${shown.gallery.working.id}`,
  approval: () => `/remediations/${shown.gallery.approval.id}`,
  deliveries: () => '/deliveries',
  delivery: () => `/deliveries/${shown.gallery.deliveryId}`,
  insights: () => '/insights?days=30',
  rules: () => '/rules',
  coderuns: () => '/coderuns',
  missing: () => '/remediations/none',
} as const;

describe.each(SCHEMES)('in the %s scheme', (colorScheme) => {
  describe.each(Object.entries(SCREENS))('on a %s', (screen, viewport) => {
    it.each(Object.entries(PAGES))(
      'the page “%s” fits, can be read by everybody, and asks nobody else',
      async (name, path) => {
        const window = await visit(browser, shown.url, { viewport, colorScheme });
        await window.page.goto(shown.url + path());
        // Everything that can be unfolded is looked at as well.
        for (const details of await window.page.locator('main details').all())
          await details.evaluate((element) => element.setAttribute('open', ''));
        expect(await findings(window.page)).toEqual([]);
        expect(await overflow(window.page)).toBe(0);
        await window.page.reload();
        await shoot(window.page, `${name}-${screen}-${colorScheme}`);
        await leave(window);
      },
    );
  });
});

describe('motion', () => {
  it('stands still for whoever asks for it', async () => {
    const moving = async (reducedMotion: 'reduce' | 'no-preference') => {
      const window = await visit(browser, shown.url, { reducedMotion });
      await window.page.goto(shown.url);
      await window.page.getByText('Live', { exact: true }).waitFor();
      const count = await window.page.evaluate<number>('document.getAnimations().length');
      await leave(window);
      return count;
    };
    expect(await moving('reduce')).toBe(0);
    expect(await moving('no-preference')).toBeGreaterThan(0);
  });
});

describe('the reader of the API', () => {
  it('comes from the service itself and shows every door', async () => {
    const window = await visit(browser, shown.url, { viewport: SCREENS.desktop });
    await window.page.goto(`${shown.url}/docs`);
    await window.page.getByText('/api/remediate/ci-failure').first().waitFor();
    await window.page.getByText('/api/events').first().waitFor();
    await shoot(window.page, 'docs-desktop-light');
    await leave(window);
  });
});
