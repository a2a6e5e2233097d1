import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import axe from 'axe-core';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Kept by CI, not by git. */
const SHOTS = resolve(import.meta.dirname, '../../../test-results/pages');

export const SCHEMES = ['light', 'dark'] as const;
export const SCREENS = {
  desktop: { width: 1280, height: 860 },
  phone: { width: 390, height: 844 },
} as const;

/** Fails, and says what to do, when there is no Chromium: these tests are not to be passed over. */
export function launch(): Promise<Browser> {
  const named = process.env['CHROMIUM'];
  const path = named ?? PLACES.find((place) => existsSync(place));
  if (path === undefined)
    throw new Error('There is no Chromium: install it (apt-get install chromium), or name it in CHROMIUM.');
  return chromium.launch({
    executablePath: path,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-proxy-server'],
  });
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What went wrong in the browser: errors of scripts, refusals of the content security policy. */
  readonly faults: string[];
  /** Requests to any other place than the service. */
  readonly strangers: string[];
}

/** A window on the service; everything it asks for and complains about is written down. */
export async function visit(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', ...options });
  const strangers: string[] = [];
  const faults: string[] = [];
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.protocol !== 'blob:' && url.origin !== origin) strangers.push(request.url());
  });
  const page = await context.newPage();
  page.setDefaultTimeout(90_000);
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    // A page that answers 4xx is written down by the browser; the tests that ask for one look at it themselves.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text());
  });
  return { page, context, faults, strangers };
}

/** Everything the visit is held to at its end. */
export async function leave({ context, faults, strangers }: Visit): Promise<void> {
  await context.close();
  expect(strangers).toEqual([]);
  expect(faults).toEqual([]);
}

interface Finding {
  readonly rule: string;
  readonly impact: string | null;
  readonly where: readonly string[];
}

/** What axe-core finds on the page as it is now: WCAG 2.2 A and AA, and what it calls serious or critical besides. */
export async function findings(page: Page): Promise<readonly Finding[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const run = (globalThis as unknown as { axe: typeof axe }).axe.run;
    const { violations } = await run({ resultTypes: ['violations'] });
    return violations
      .filter(
        ({ tags, impact }) => tags.some((tag) => /^wcag/.test(tag)) || impact === 'serious' || impact === 'critical',
      )
      .map(({ id, impact, nodes }) => ({
        rule: id,
        impact: impact ?? null,
        where: nodes.slice(0, 4).map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary ?? ''}`),
      }));
  });
}

/** How many pixels the page is wider than the window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}
