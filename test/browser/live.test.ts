import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/service.ts';
import { findings, launch, leave, SCREENS, shoot, visit } from './support/browser.ts';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');
const folder = temporaryFolder();

let browser: Browser;
let url: string;
let stop: () => Promise<void>;

/** The real demo, left running at its end. */
async function startDemo(): Promise<void> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', MAIN, 'demo', '--keep', '--data-dir', join(folder.path, 'demo')],
    { env: { PATH: process.env['PATH'] ?? '', HEALER_DEMO_PACE_MS: '400' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  let text = '';
  url = await new Promise<string>((done, fail) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        text += String(chunk);
        const found = /page +(http:\/\/[\d.]+:\d+)\//.exec(text)?.[1];
        if (found !== undefined) done(found);
      });
    void ended.then(() => fail(new Error(`The demo ended before its page was there:\n${text}`)));
  });
}

beforeAll(async () => {
  // One after the other: what is to be watched must not be over before the browser is there, and has shown a page.
  browser = await launch();
  await (await browser.newPage()).close();
  await startDemo();
});
afterAll(async () => {
  await browser?.close();
  await stop?.();
  folder.remove();
});

describe('the demo, watched', () => {
  it('is seen from red to green without touching anything', async () => {
    const window = await visit(browser, url, { viewport: SCREENS.desktop });
    const { page } = window;
    page.setDefaultTimeout(120_000);
    await page.goto(url);
    // The page that was loaded once; a reload would lose the mark.
    await page.evaluate(() => Object.assign(globalThis, { loadedOnce: true }));
    await page.locator('#live-list a[href^="/remediations/"]').first().waitFor();
    const path = await page.locator('#live-list a[href^="/remediations/"]').first().getAttribute('href');
    const detail = await visit(browser, url, { viewport: SCREENS.desktop });
    detail.page.setDefaultTimeout(120_000);
    await detail.page.goto(url + path);
    await detail.page.evaluate(() => Object.assign(globalThis, { loadedOnce: true }));

    await detail.page.locator('#state .badge', { hasText: 'Verified green' }).waitFor();
    await page.locator('#ended .badge', { hasText: 'Verified green' }).waitFor();
    await expect.poll(() => detail.page.locator('.attempts > li').count()).toBe(2);
    const words = await detail.page.locator('.attempts .badge').allTextContents();
    expect(words).toEqual(['still red', 'green']);
    for (const watched of [page, detail.page])
      expect(await watched.evaluate(() => (globalThis as { loadedOnce?: boolean }).loadedOnce)).toBe(true);
    await detail.page.getByText('What Blaze wrote last').click();
    await detail.page.getByText('I am a script that plays the agent').first().waitFor();
    expect(await findings(detail.page)).toEqual([]);
    await shoot(detail.page, 'demo-green-desktop-light');
    await shoot(page, 'demo-overview-desktop-light');
    await detail.page.goto(`${url}/coderuns`);
    await leave(detail);
    await leave(window);
  });
});
