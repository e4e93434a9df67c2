/** What a person does with the dashboard, in a real Chromium: each journey looks at what is seen. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN } from '../cli/run-cli.ts';
import { lacks, RUNS_ALL, SLOW } from '../effort.ts';
import { CHROMIUM } from '../evaluate/browser.ts';
import { makeWorld, type World } from './world.ts';

const skip = lacks('Chromium', CHROMIUM !== undefined);
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const EXACT = 'exact-SYNTHUSDT-s1-1';
const PPO = 'ppo-SYNTHUSDT-s1-1';
const DQN = 'dqn-SYNTHUSDT-s1-1';

let world: World;
let browser: Browser;
/** What a page complained about: nothing may. */
const complaints: string[] = [];

beforeAll(async () => {
  if (skip) return;
  world = await makeWorld();
  browser = await chromium.launch({ executablePath: CHROMIUM as string, args: ['--no-sandbox'] });
}, SLOW.timeout);
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

interface Visit {
  readonly path?: string;
  readonly width?: number;
  readonly dark?: boolean;
  readonly of?: World;
}

async function visit({ path = '', width = 1440, dark = false, of = world }: Visit = {}): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: dark ? 'dark' : 'light' });
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) complaints.push(message.text());
  });
  await page.goto(of.url);
  if (path !== '') await page.evaluate((hash) => location.assign(hash), path);
  return page;
}

const seen = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();
const bodyText = (page: Page) => page.locator('main').innerText();
const replayed = (page: Page) => seen(page, 'equal to the registered result, bit by bit');

describe.skipIf(skip)('the dashboard', SLOW, () => {
  it('first visit, with nothing stored: says what would be here and the command that fills it', async () => {
    const empty = await makeWorld({ empty: true });
    const page = await visit({ of: empty });
    await seen(page, 'No run yet');
    expect(await bodyText(page)).toContain('npm start');
    for (const [path, text] of [
      ['#/bots', 'No bot runs'],
      ['#/data', 'No candles stored yet'],
      ['#/compare', 'Nothing to compare yet'],
    ] as const) {
      await page.evaluate((hash) => location.assign(hash), path);
      await seen(page, text);
    }
    await page.close();
    await empty.close();
  });

  it.each(['#token=wrong-token-wrong-token', ''])(
    'a wrong token or none (%j) shows one sentence and no data',
    async (hash) => {
      const page = await browser.newPage();
      await page.goto(world.url.replace(/#.*/, hash));
      await seen(page, 'This page needs the token that tradernet dashboard printed.');
      expect(await page.locator('nav').count()).toBe(0);
      expect(await page.locator('body').innerText()).not.toContain('SYNTH');
      await page.close();
    },
  );

  it('the token leaves the address', async () => {
    const page = await visit();
    await seen(page, EXACT);
    expect(page.url()).not.toContain('token');
    await page.close();
  });

  it('finds a run by text, and says so where none matches', async () => {
    const page = await visit();
    await seen(page, EXACT);
    await page.getByLabel('Find a run').fill('dqn');
    expect(await page.locator('tbody th').allInnerTexts()).toEqual([expect.stringContaining(DQN)]);
    await page.getByLabel('Find a run').fill('no such run');
    await seen(page, 'No run matches.');
    await page.getByRole('button', { name: 'Show all' }).click();
    expect(await page.locator('tbody th').count()).toBe(3);
    await page.close();
  });

  it('sorts by return, both ways', async () => {
    const page = await visit();
    await seen(page, EXACT);
    const order = async () =>
      (await page.locator('tbody .re').allInnerTexts()).map((text) =>
        Number.parseFloat(text.replace('−', '-').replaceAll(',', '')),
      );
    await page.getByRole('button', { name: 'Return' }).click();
    expect(await page.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('descending');
    const down = await order();
    expect(down).toEqual([...down].sort((a, b) => b - a));
    await page.getByRole('button', { name: 'Return' }).click();
    expect(await order()).toEqual([...down].reverse());
    await page.close();
  });

  it('filters by verdict; the chips count', async () => {
    const page = await visit();
    await seen(page, EXACT);
    for (const chip of await page.getByRole('group', { name: 'Verdict' }).getByRole('button').all()) {
      await chip.click();
      const count = Number((await chip.innerText()).split(' ').at(-1));
      expect(await page.locator('tbody tr.row').count(), await chip.innerText()).toBe(count);
      if ((await chip.innerText()).startsWith('All')) continue;
      await chip.click();
    }
    await page.close();
  });

  it('compares three: letters, differences in words, settings that differ', async () => {
    const page = await visit();
    for (const name of [EXACT, PPO, DQN]) await page.getByLabel(`Compare ${name}`).check();
    await seen(page, '3 runs chosen');
    await page.getByRole('link', { name: 'Compare', exact: true }).last().click();
    await seen(page, 'Settings that differ');
    const text = await bodyText(page);
    expect(text).toMatch(/not told apart|earned (more|less) than A/);
    expect(text).toContain('training.agent');
    expect(await page.locator('.pk li').allInnerTexts()).toHaveLength(3);
    await page.close();
  });

  it('one run chosen can’t be compared, eleven neither', async () => {
    const page = await visit();
    await page.getByLabel(`Compare ${EXACT}`).check();
    await seen(page, '1 run chosen');
    expect(await page.getByRole('region', { name: 'Chosen runs' }).getByRole('link', { name: 'Compare' }).count()).toBe(
      0,
    );
    await page.close();
  });

  it('opens a run: the verdict is the largest thing, and the page decides every bar again', async () => {
    const page = await visit();
    await page.getByRole('link', { name: EXACT }).click();
    await replayed(page);
    const size = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((one) => Number.parseFloat(getComputedStyle(one).fontSize));
    for (const other of ['h1', '.fig b', '.ev b']) expect(await size('.vw')).toBeGreaterThan(await size(other));
    expect(await bodyText(page)).toMatch(/holding −?\+?[\d,.]+/);
    await page.close();
  });

  it('inspects a decision: asked, said, done, how sure, each rule’s number; J and K step', async () => {
    const page = await visit({ path: `#/run/${EXACT}?d=300` });
    await replayed(page);
    await seen(page, 'How sure the agent was');
    const panel = page.locator('#d');
    expect(await panel.innerText()).toMatch(/Bar 300 of/);
    expect(await panel.locator('.pb').count()).toBe(3);
    const chances = (await panel.locator('.pb b').allInnerTexts()).map(Number);
    expect(chances.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 2);
    expect(await panel.getByRole('meter').count()).toBeGreaterThan(3);
    expect(await panel.locator('.heat tbody tr').count()).toBeGreaterThan(15);
    await page.keyboard.press('j');
    await seen(page, /Bar 301 of/);
    expect(page.url()).toContain('d=301');
    await page.keyboard.press('k');
    await page.keyboard.press('k');
    await seen(page, /Bar 299 of/);
    await page.close();
  });

  it('jumps to where a rule acted, and names the rule with its numbers', async () => {
    const page = await visit({ path: `#/run/${EXACT}?d=0` });
    await replayed(page);
    await page.getByRole('button', { name: 'Next where a rule acted' }).click();
    await seen(page, /A rule can forbid, it can’t open a trade/);
    const flow = await page.locator('#d .flow').innerText();
    expect(flow).toMatch(/Done\s*(HOLD|CLOSE ALL)/);
    expect(await page.locator('#d .why b').first().innerText()).toMatch(/^[a-z-]+$/);
    await page.close();
  });

  it('shows Q-values for DQN, not probabilities', async () => {
    const page = await visit({ path: `#/run/${DQN}?d=200` });
    await replayed(page);
    await seen(page, 'What each action was worth to it (Q-value)');
    await page.close();
  });

  it('drags a slider: every bar is decided again, the old value stands beside, Escape undoes', async () => {
    const page = await visit({ path: `#/run/${EXACT}` });
    await replayed(page);
    const panel = page.locator('#w');
    const before = await panel.locator('.fig b').first().innerText();
    const slider = panel.getByRole('slider', { name: /order-rate/ });
    await slider.focus();
    await slider.press('Home');
    await panel.getByText(/bars in \d/).waitFor();
    expect(await panel.locator('.fig small').first().innerText()).toBe(`as run ${before}`);
    expect(await panel.locator('.sl.mv').innerText()).toContain('was');
    expect(await panel.locator('.fig b').nth(3).innerText()).not.toBe(
      await panel.locator('.fig small').nth(3).innerText(),
    );
    await slider.press('Escape');
    await panel.locator('.sl.mv').waitFor({ state: 'detached' });
    await page.close();
  });

  it('lists trades that sort, and saves them as CSV with a true hyphen', async () => {
    const page = await visit({ path: `#/run/${EXACT}` });
    await replayed(page);
    const panel = page.locator('#t');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      panel.getByRole('button', { name: /^CSV/ }).click(),
    ]);
    const lines = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\n');
    expect(lines[0]).toContain('profit_USDT');
    expect(lines.length - 1).toBe(Number((await panel.locator('tbody th').first().innerText()).replace(',', '')));
    expect(lines.join('')).not.toContain('−');
    await panel.getByRole('button', { name: 'Profit' }).click();
    expect(await panel.locator('th[aria-sort]').innerText()).toContain('Profit');
    await page.close();
  });

  it('changes which evaluation of a run is shown', async () => {
    const page = await visit({ path: `#/run/${PPO}` });
    await replayed(page);
    await page.getByLabel('Result').selectOption('test-SYNTHUSDT-none');
    await seen(page, 'This was run without a shield');
    await page.close();
  });

  it('trains an agent from the page, watches it, stops it, resumes it', async () => {
    const page = await visit();
    await page.getByRole('button', { name: 'Train an agent…' }).click();
    await page.getByRole('combobox', { name: 'Agent' }).selectOption('ppo');
    await page
      .getByRole('combobox', { name: 'Candles' })
      .selectOption({ label: 'OTHER/USDT of synthetic, 1h, 3,000 bars' });
    await page.getByRole('textbox', { name: 'Steps' }).fill('50000000');
    expect(await page.locator('.cmd').innerText()).toContain('--steps 50000000');
    await page.getByRole('button', { name: 'Train 1 seed' }).click();
    const card = page.locator('article.job', { hasText: 'ppo-OTHERUSDT-s1-1' });
    await card.getByRole('button', { name: 'Stop ppo-OTHERUSDT-s1-1' }).click();
    await card.getByRole('button', { name: 'Resume ppo-OTHERUSDT-s1-1' }).click();
    await card.getByRole('button', { name: 'Stop ppo-OTHERUSDT-s1-1' }).click();
    await card.getByRole('button', { name: 'Resume ppo-OTHERUSDT-s1-1' }).waitFor();
    await page.close();
  });

  it('deletes a run only when its name is typed; its looks stay counted', async () => {
    await world.run('baseline flat --symbol OTHER/USDT');
    const page = await visit();
    const name = await page.locator('tbody th a', { hasText: 'flat' }).innerText();
    await page.getByLabel(`Compare ${name}`).check();
    await page.getByRole('button', { name: 'Delete…' }).click();
    const button = page.getByRole('button', { name: `Delete ${name}` });
    expect(await button.isDisabled()).toBe(true);
    await page.getByLabel(/^Type/).fill(name);
    await button.click();
    await page.locator('tbody th a', { hasText: name }).waitFor({ state: 'detached' });
    expect(JSON.parse(await world.run('runs list')).map(({ run }: { run: string }) => run)).not.toContain(name);
    await page.close();
  });

  it('shows what is stored, with its gaps, and draws it', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => i).filter((i) => i < 20 || i > 24);
    writeFileSync(
      join(world.folder, 'gap.csv'),
      ['time,open,high,low,close,volume', ...rows.map((i) => `${3_600_000 * (400_000 + i)},2,3,1,2,5`)].join('\n'),
    );
    await world.run('data import gap.csv --symbol GAP/USDT');
    const page = await visit({ path: '#/data' });
    await page.getByRole('button', { name: 'GAP/USDT' }).click();
    await seen(page, '5 of 60 candles are missing');
    expect(
      await page
        .getByRole('img', { name: /^GAP\/USDT: .*5 candles missing/ })
        .locator('.gp')
        .count(),
    ).toBe(1);
    await page.close();
  });

  it('drops a broken CSV: nothing is written, what is wrong is listed, then imported without it', async () => {
    const page = await visit({ path: '#/data' });
    await seen(page, 'Drop a file of candles here');
    const lines = [
      'time,open,high,low,close,volume',
      ...Array.from({ length: 40 }, (_, i) => `${3_600_000 * (410_000 + i)},2,3,1,${i === 7 ? 9 : 2},5`),
    ];
    const transfer = await page.evaluateHandle((text) => {
      const list = new DataTransfer();
      list.items.add(new File([text], 'BADUSDT-1h.csv', { type: 'text/csv' }));
      return list;
    }, lines.join('\n'));
    await page.dispatchEvent('.drop', 'drop', { dataTransfer: transfer });
    await seen(page, 'What is wrong with it');
    expect(await bodyText(page)).toContain('close 9 lies outside');
    expect(await page.getByRole('button', { name: /^Import \d/ }).isDisabled()).toBe(true);
    expect(JSON.parse(await world.run('data list')).map(({ symbol }: { symbol: string }) => symbol)).not.toContain(
      'BAD/USDT',
    );
    await page.getByRole('combobox', { name: 'What is wrong' }).selectOption('drop');
    await page.getByRole('button', { name: 'Look again' }).click();
    await page.getByRole('button', { name: 'Import 39 candles' }).click();
    await seen(page, '39 candles are new');
    await page.getByRole('button', { name: 'BAD/USDT' }).waitFor();
    await page.close();
  });

  it('a file that is none says why in one line', async () => {
    const page = await visit({ path: '#/data' });
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'x.csv', mimeType: 'text/csv', buffer: Buffer.from('<b>not,a\ntable') });
    await page.locator('.fault').waitFor();
    expect(await page.locator('.fault').innerText()).toMatch(/^✕ [^\n]+$/);
    await page.close();
  });

  it('loses the connection, says how old the figures are, and comes back', async () => {
    const page = await visit();
    await seen(page, EXACT);
    await world.restart(async () => {
      await seen(page, /Connection lost at/);
      expect(await bodyText(page)).toContain('Bots go on without this page.');
      expect(
        await page
          .locator('.stale')
          .first()
          .evaluate((one) => getComputedStyle(one).filter),
      ).toContain('grayscale');
      expect(await bodyText(page)).toContain(EXACT);
    });
    await page.getByText('Connected').waitFor();
    await page.getByText(/Connection lost/).waitFor({ state: 'detached' });
    await page.close();
  });

  it.each(
    ['#/runs', `#/run/${EXACT}`, `#/compare?runs=${EXACT},${PPO}`, '#/bots', '#/data'].slice(
      RUNS_ALL ? 0 : 1,
      RUNS_ALL ? 5 : 2,
    ),
  )('%s never scrolls sideways, at 390 and 320 px', async (path) => {
    for (const width of [390, 320]) {
      const page = await visit({ path, width });
      await page.waitForTimeout(1_500);
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(over, `${path} at ${width}`).toBeLessThanOrEqual(0);
      await page.close();
    }
  });

  it('dark and light: as the system has it, switched by T, kept', async () => {
    const page = await visit({ dark: true });
    await seen(page, EXACT);
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await ground();
    await page.keyboard.press('t');
    expect(await ground()).not.toBe(dark);
    await page.reload();
    expect(await ground()).not.toBe(dark);
    await page.close();
  });

  it('keyboard alone: skip link first, / finds, G B goes to the bots, ? lists the keys', async () => {
    const page = await visit();
    await seen(page, EXACT);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the page');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
    await page.keyboard.press('/');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('type'))).toBe('search');
    await page.keyboard.press('Escape');
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await page.keyboard.press('?');
    await seen(page, 'None halts.');
    await page.keyboard.press('g');
    await page.keyboard.press('b');
    await page.getByRole('heading', { name: 'Bots' }).waitFor();
    await page.close();
  });

  describe('a bot', () => {
    let bot: ChildProcess;
    beforeAll(async () => {
      const line = `rehearse --symbol SYNTH/USDT --candles synthetic --run paper --journal drill --checkpoint ${EXACT} --hours 4000 --speed 3600 --faults 0 --port 0 --set bot.statusPort=0`;
      bot = spawn(process.execPath, [MAIN, ...line.split(' ')], { cwd: world.folder, stdio: 'ignore' });
    });
    afterAll(async () => {
      if (bot.exitCode !== null) return;
      const gone = new Promise((resolve) => bot.once('exit', resolve));
      bot.kill('SIGTERM');
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 20_000))]);
      bot.kill('SIGKILL');
    });

    it('is seen as a rehearsal, with its distance to every limit, and decisions come in', async () => {
      const page = await visit({ path: '#/bots' });
      const card = page.locator('section.bot', { hasText: 'drill' });
      await card.getByText('Distance to every limit').waitFor({ timeout: 120_000 });
      expect(await card.locator('.kind').innerText()).toBe('REHEARSAL');
      expect(await card.innerText()).toContain('made-up money');
      await card.getByRole('meter').first().waitFor();
      const decisions = async () => Number(/Decisions\s+([\d,]+)/.exec(await card.innerText())?.[1].replace(',', ''));
      const before = await decisions();
      await expect.poll(decisions, { timeout: 60_000 }).toBeGreaterThan(before);
      await page.close();
    });

    it('is halted by its name typed, and seen flat; the journal says who', async () => {
      const page = await visit({ path: '#/bots' });
      const card = page.locator('section.bot', { hasText: 'drill' });
      const button = card.getByRole('button', { name: 'Halt' });
      await card.getByLabel('Type drill to halt it').fill('dril');
      expect(await button.isDisabled()).toBe(true);
      await card.getByLabel('Type drill to halt it').fill('drill');
      await page.keyboard.press('Enter');
      await card.getByText(/Halted .* by/).waitFor();
      await expect.poll(() => card.innerText(), { timeout: 60_000 }).toMatch(/Position\s+0\.000000/);
      expect(await card.innerText()).toContain('halted on the dashboard');
      expect(await card.getByRole('button', { name: 'Halt' }).count()).toBe(0);
      await page.close();
    });

    it('text from a journal is text, whatever it says', async () => {
      const page = await visit();
      const evil = '<img src=x onerror=alert(1)>';
      writeFileSync(join(world.storage, 'bots/drill/halt.json'), JSON.stringify({ by: evil, reason: evil, timeMs: 1 }));
      await page.evaluate(() => location.assign('#/bots'));
      await expect.poll(() => bodyText(page)).toContain(evil);
      expect(await page.locator('main img').count()).toBe(0);
      await page.close();
    });
  });

  const looks = [
    [390, true],
    [1440, false],
    [1440, true],
  ] as const;
  const pages = [`#/run/${EXACT}?d=300`, '#/runs', `#/compare?runs=${EXACT},${PPO},${DQN}`, '#/bots', '#/data'];
  // Every page in every look where all is run, the fullest in the narrowest elsewhere.
  describe.each(RUNS_ALL ? looks : looks.slice(0, 1))('axe-core finds nothing at %i px, dark: %s', (width, dark) => {
    it.each(RUNS_ALL ? pages : pages.slice(0, 1))('%s', async (path) => {
      const page = await visit({ path, width, dark });
      await page.waitForTimeout(2_500);
      await page.evaluate(AXE);
      const found = await page.evaluate(async () => {
        const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
        // biome-ignore lint/suspicious/noExplicitAny: axe is in the page alone
        const { violations } = await (globalThis as any).axe.run({ runOnly: tags });
        return violations.map(
          ({ id, nodes }: { id: string; nodes: { html: string }[] }) =>
            `${id}: ${nodes
              .slice(0, 3)
              .map(({ html }) => html.slice(0, 160))
              .join(' | ')}`,
        );
      });
      expect(found).toEqual([]);
      await page.close();
    });
  });

  it('no page complained: no error, nothing that the content policy refused', () => {
    expect(complaints).toEqual([]);
  });
});
