import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RUST_LOG } from '../support/world.ts';
import { findings, launch, leave, SCREENS, shoot, type Visit, visit } from './support/browser.ts';
import { READ_TOKEN, type ShownService, showGallery, WRITE_TOKEN } from './support/shown-service.ts';

let browser: Browser;
let shown: ShownService;

beforeAll(async () => {
  [browser, shown] = await Promise.all([launch(), showGallery({ tokens: true })]);
});
afterAll(async () => {
  await browser?.close();
  await shown?.stop();
});

async function signIn(token: string, options: Parameters<typeof visit>[2] = {}, name = ''): Promise<Visit> {
  const window = await visit(browser, shown.url, { viewport: SCREENS.desktop, ...options });
  await window.page.goto(shown.url);
  await window.page.getByLabel('Token').fill(token);
  if (name !== '') await window.page.getByLabel('Your name').fill(name);
  await window.page.getByRole('button', { name: 'Sign in' }).click();
  await window.page.getByRole('heading', { name: 'Under way' }).waitFor();
  return window;
}

describe('signing in', () => {
  it('is asked for, can be done wrong, and can be undone', async () => {
    const window = await visit(browser, shown.url, { viewport: SCREENS.phone });
    const { page } = window;
    await page.goto(`${shown.url}/insights`);
    expect(await findings(page)).toEqual([]);
    await shoot(page, 'sign-in-phone-light');
    await page.getByLabel('Token').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('This token is not known.').waitFor();
    await page.getByLabel('Token').fill(READ_TOKEN);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Insights' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Token').waitFor();
    await page.goto(shown.url);
    expect(page.url()).toContain('/sign-in');
    await leave(window);
  });

  it('with the read token shows everything and offers nothing', async () => {
    const window = await signIn(READ_TOKEN);
    expect(await window.page.getByRole('button', { name: 'Pause everywhere' }).count()).toBe(0);
    await window.page.goto(`${shown.url}/remediations/${shown.gallery.working.id}`);
    await window.page.getByText('a token that may only read').first().waitFor();
    expect(await window.page.getByRole('button', { name: /Retry|cancel/ }).count()).toBe(0);
    await leave(window);
  });
});

describe('filters', () => {
  it('narrow the list by every field, and are kept in the form', async () => {
    const window = await signIn(READ_TOKEN);
    const { page } = window;
    const rows = () => page.locator('.remediations tbody tr').count();
    await page.goto(`${shown.url}/remediations`);
    expect(await rows()).toBe(25);
    await page.getByRole('link', { name: 'Older' }).click();
    await page.getByRole('link', { name: 'Newest' }).waitFor();
    await page.goto(`${shown.url}/remediations`);
    const main = page.locator('main');
    const apply = async () => page.getByRole('button', { name: 'Filter' }).click();
    await main.locator('[name=phase]').selectOption('escalated');
    await main.locator('[name=agent]').selectOption('rex');
    await apply();
    await page.waitForURL(/phase=escalated.*agent=rex/);
    const states = await page.locator('.remediations .badge').allTextContents();
    expect(states.length).toBeGreaterThan(0);
    expect(new Set(states)).toEqual(new Set(['Escalated']));
    expect(await main.locator('[name=phase]').inputValue()).toBe('escalated');
    await page.getByRole('link', { name: 'Clear' }).click();
    await main.locator('[name=q]').fill('acme/web frontend');
    await main.locator('[name=repo]').fill('acme/web');
    await main.locator('[name=failure_type]').selectOption('frontend_test');
    await main.locator('[name=since]').fill('2020-01-01');
    await apply();
    await page.waitForURL(/q=acme/);
    expect(await rows()).toBeGreaterThan(0);
    const { branch, taskId } = shown.gallery.fixed;
    await page.goto(`${shown.url}/remediations`);
    await main.locator('[name=branch]').fill(branch);
    await apply();
    await page.getByText(taskId).first().waitFor();
    await main.locator('[name=branch]').fill('no such branch');
    await apply();
    await page.getByText('No remediation matches.').waitFor();
    await leave(window);
  });

  it('of deliveries show what became of them and lead to one', async () => {
    const window = await signIn(READ_TOKEN);
    const { page } = window;
    await page.goto(`${shown.url}/deliveries`);
    await page.locator('[name=status]').selectOption('skipped');
    await page.locator('[name=reason]').selectOption('opted_out');
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.waitForURL(/reason=opted_out/);
    expect(await page.locator('.deliveries tbody tr').count()).toBe(1);
    await page.getByRole('link', { name: 'workflow_job' }).click();
    await page.getByText('Somebody opted out').first().waitFor();
    await page.goto(`${shown.url}/deliveries`);
    await page.getByLabel('Delivery id').fill('a1b2c3d4-0');
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.waitForURL(/id=a1b2/);
    expect(await page.locator('.deliveries tbody tr').count()).toBe(1);
    await leave(window);
  });
});

describe('actions', () => {
  it('retry with guidance, cancel, approve, pause and resume', async () => {
    const window = await signIn(WRITE_TOKEN, {}, 'Ada Berg');
    const { page } = window;
    const { escalated, approval, working } = shown.gallery;
    await page.goto(`${shown.url}/remediations/${escalated.id}`);
    await page.getByLabel('Guidance for the agent').fill('use the client of src/net');
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByText('Asked for.').waitFor();
    await page.getByText(`Ada Berg asked to try ${escalated.taskId} again.`).first().waitFor();
    await page.locator('#facts', { hasText: 'use the client of src/net' }).waitFor();

    await page.goto(`${shown.url}/remediations/${approval.id}`);
    await page.getByRole('button', { name: 'Let an agent start' }).click();
    await page.getByText('Approved.').waitFor();

    await page.goto(`${shown.url}/remediations/${working.id}`);
    await page.getByText('Cancel it', { exact: true }).click();
    await page.getByRole('button', { name: 'Yes, cancel it' }).click();
    await page.getByText('Cancelled. What is under way is being stopped.').waitFor();

    await page.goto(shown.url);
    await page.getByRole('button', { name: 'Pause everywhere' }).click();
    await page.getByText('Paused by Ada Berg').waitFor();
    await page.getByText('Pause one repository').click();
    await page.getByLabel('Repository').fill('acme/shop');
    await page.getByRole('button', { name: 'Pause it' }).click();
    await page.getByText('acme/shop is paused by Ada Berg').waitFor();
    await page.getByRole('button', { name: 'Resume acme/shop' }).click();
    await page.getByRole('button', { name: 'Resume everywhere' }).click();
    await page.getByText('Resumed.').waitFor();
    expect(await page.getByText('Paused by').count()).toBe(0);
    await leave(window);
  });

  it('work without a script, with times that say they are UTC', async () => {
    const window = await signIn(WRITE_TOKEN, { javaScriptEnabled: false });
    const { page } = window;
    await page.getByText('times are UTC').waitFor();
    await page.getByRole('button', { name: 'Pause everywhere' }).click();
    await page.getByText('Paused by the status page').waitFor();
    await page.getByRole('button', { name: 'Resume everywhere' }).click();
    await page.getByText('Resumed.').waitFor();
    await page.goto(`${shown.url}/remediations/${shown.gallery.fixed.id}`);
    const time = page.locator('#timeline time').first();
    expect(await time.getAttribute('datetime')).toContain(`T${await time.textContent()}`);
    await page.getByText('What the agent was told').click();
    await page.getByText('You are Rex.').waitFor();
    await leave(window);
  });

  it('are within reach of a keyboard alone', async () => {
    const window = await signIn(WRITE_TOKEN);
    const { page } = window;
    await page.goto(`${shown.url}/remediations/${shown.gallery.fixed.id}`);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('content');
    for (let tabs = 0; tabs < 40; tabs += 1) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate('document.activeElement.textContent')) === 'Try again') break;
    }
    await page.keyboard.press('Enter');
    expect(await page.getByLabel('Guidance for the agent').isVisible()).toBe(true);
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
    expect(outline).toBe('solid');
    await leave(window);
  });
});

describe('rules', () => {
  it('decide about a pasted log, with the lines that made them', async () => {
    const window = await signIn(READ_TOKEN);
    const { page } = window;
    await page.goto(`${shown.url}/rules`);
    await page.getByLabel('Workflow').fill('controller-ci');
    await page.getByRole('textbox', { name: 'Log' }).fill(RUST_LOG);
    await page.getByRole('button', { name: 'Decide' }).click();
    await page.getByText('would repair').waitFor();
    expect(await page.locator('.decided').textContent()).toBe('Rex would repair rust_build.');
    await page.getByText('error[E0308]: mismatched types').first().waitFor();
    expect(await findings(page)).toEqual([]);
    await shoot(page, 'rules-decided-desktop-light');
    await page.getByRole('searchbox', { name: 'Find' }).fill('helm');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.waitForURL(/q=helm/);
    expect(await page.locator('.rules tbody tr').count()).toBeGreaterThan(0);
    await leave(window);
  });
});

describe('the reader’s own', () => {
  it('zone is what times are told in', async () => {
    const window = await signIn(READ_TOKEN, { timezoneId: 'Asia/Tokyo' });
    const { page } = window;
    await page.goto(`${shown.url}/remediations/${shown.gallery.fixed.id}`);
    await page.getByText('times are Asia/Tokyo').waitFor();
    const time = page.locator('#timeline time').first();
    const utc = new Date((await time.getAttribute('datetime')) ?? '');
    const expected = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'Asia/Tokyo' }).format(utc);
    expect(await time.textContent()).toBe(expected);
    await leave(window);
  });

  it('choice of light or dark is kept, and goes before the system’s', async () => {
    const window = await signIn(READ_TOKEN, { colorScheme: 'light' });
    const { page } = window;
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await ground();
    await page.getByRole('button', { name: 'Theme: system' }).click();
    await page.getByRole('button', { name: 'Theme: light' }).click();
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.goto(`${shown.url}/rules`);
    expect(await ground()).toBe(dark);
    await page.getByRole('button', { name: 'Theme: dark' }).click();
    expect(await ground()).toBe(light);
    await leave(window);
  });
});
