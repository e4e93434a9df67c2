import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { ablate } from '../../src/evaluate/ablation.ts';
import { ablationSection } from '../../src/evaluate/ablation-text.ts';
import { randomPolicy } from '../../src/evaluate/baselines/random.ts';
import { type Evaluation, evaluatePolicy } from '../../src/evaluate/evaluation.ts';
import { reportData } from '../../src/evaluate/report/data.ts';
import { selectBars } from '../../src/evaluate/report/decimate.ts';
import { renderReport } from '../../src/evaluate/report/html.ts';
import { createShield } from '../../src/shield/shield.ts';
import { lacks } from '../effort.ts';
import { type Browser, CHROMIUM, openBrowser } from './browser.ts';
import { randomWalk, tableOf } from './markets.ts';

const HOSTILE = '</script><img src=x onerror="document.title=1"> & \'"';

function evaluationOf(bars: number, label = 'PPO'): Evaluation {
  const series = { ...randomWalk(bars, 2), symbol: label === 'PPO' ? 'BTCUSDT' : HOSTILE };
  return evaluatePolicy({
    series,
    table: tableOf(bars, (row) => Math.sin(row)),
    split: { train: { from: 0, to: Math.floor(bars / 3) }, test: { from: Math.floor(bars / 2), to: bars } },
    account: DEFAULT_ACCOUNT,
    shield: createShield({ profile: 'balanced' }),
    seed: 1,
    policy: randomPolicy('agent', 0.1, 3),
    label,
    doc: 'a policy',
    provenance: { dataHash: 'f00d', kernels: { name: 'wasm', fused: true }, columns: ['a', 'b'], note: label },
  });
}

const evaluation = evaluationOf(2400);
const html = renderReport(evaluation);

describe('the report', () => {
  it('has the verdict on top, and what ran at the end', () => {
    const word = html.indexOf(`<p class="word">${evaluation.judgement.verdict}</p>`);
    expect(word).toBeGreaterThan(0);
    expect(word).toBeLessThan(html.indexOf('<canvas'));
    expect(html).toContain('<tr><td>dataHash</td><td>f00d</td></tr>');
    expect(html).toContain('<tr><td>kernels.name</td><td>wasm</td></tr>');
    expect(html).toContain('<tr><td>account.feeRate</td><td>0.001</td></tr>');
    expect(html).toMatch(/repeat-limit/);
  });

  it('is the same bytes each time', () => {
    expect(renderReport(evaluationOf(2400))).toBe(html);
  });

  it('needs nothing from outside, and says so to the browser', () => {
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"`);
    expect(html).not.toMatch(/https?:\/\//);
    expect(html).not.toMatch(/<(link|img|iframe)\b/);
  });

  it('escapes all text', () => {
    const hostile = renderReport(evaluationOf(600, HOSTILE));
    expect(hostile).not.toContain('<img');
    expect(hostile.match(/<\/script>/g)).toHaveLength(2);
    expect(hostile).toContain('&lt;/script&gt;&lt;img');
  });

  it('stays below 2 MB on 100,000 bars and keeps every extreme', () => {
    const bars = 100_000;
    const { close } = randomWalk(bars, 9);
    const walk = Array.from(close, (value) => value * 100);
    const { chart } = evaluation;
    const long: Evaluation = {
      ...evaluation,
      chart: {
        timeMs: walk.map((_, i) => chart.timeMs[0] + i * evaluation.timeframeMs),
        close: Array.from(close),
        curves: chart.curves.map((curve, c) => ({ ...curve, equity: walk.map((value) => value * (1 + c / 10)) })),
        exposure: walk.map((_, i) => (i % 5) / 4),
        actions: walk.map((_, i) => i % 3),
        fills: walk.map((_, index) => ({ index, quantity: 1, price: close[index], reason: 'signal' })),
      },
    };
    const text = renderReport(long);
    expect(text.length).toBeLessThan(2_000_000);
    const data = reportData(long);
    const { equity } = long.chart.curves[0];
    const parts = (value: number) => Math.round((data.equityParts * value) / DEFAULT_ACCOUNT.startingEquity);
    const highest = equity.reduce((most, value) => Math.max(most, value));
    const lowest = equity.reduce((least, value) => Math.min(least, value));
    expect(Math.max(...data.curves[0].values)).toBe(parts(highest));
    expect(Math.min(...data.curves[0].values)).toBe(parts(lowest));
    expect(data.time.length).toBeLessThan(7000);
    expect(data.fills.length).toBeLessThanOrEqual(3000);
  });

  it('draws all of a short fold', () => {
    expect(selectBars([[3, 1, 2]], 10)).toEqual([0, 1, 2]);
    expect(selectBars([Array.from({ length: 100 }, (_, i) => (i === 37 ? -9 : i === 66 ? 200 : i))], 30)).toEqual(
      expect.arrayContaining([0, 37, 66, 99]),
    );
  });

  it('takes the counterfactual ledgers in', () => {
    const series = randomWalk(600, 1);
    const ablation = ablate({
      makePolicy: () => randomPolicy('agent', 0.9, 3),
      series,
      table: null,
      account: DEFAULT_ACCOUNT,
      rows: { from: 0, to: 600 },
      rules: ['repeat-limit', 'stale-data'],
      makeShield: (without) => createShield({ profile: 'balanced', without: without === null ? [] : [without] }),
    });
    const page = renderReport(evaluation, [ablationSection(ablation)]);
    expect(page).toContain('Without repeat-limit');
    expect(page).toContain('Without effect on this fold: stale-data.');
    expect(page).toContain('Simulated ledgers');
  });
});

describe.skipIf(lacks('Chromium', CHROMIUM !== undefined))(
  'the report in a browser (skipped where there is no Chromium)',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'tradernet-report-'));
    let browser: Browser;

    beforeAll(async () => {
      writeFileSync(join(folder, 'report.html'), html);
      browser = await openBrowser();
      await browser.send('Emulation.setDeviceMetricsOverride', {
        width: 1200,
        height: 900,
        deviceScaleFactor: 1,
        mobile: false,
      });
      await browser.open(pathToFileURL(join(folder, 'report.html')).href);
    });
    afterAll(async () => {
      await browser?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    /** What the tooltip says with the pointer at this share of the chart's width; two frames later. */
    const hover = (share: number) =>
      browser.evaluate<{ hidden: boolean; text: string }>(`(async () => {
      const stack = document.querySelector('#charts');
      stack.scrollIntoView();
      const box = stack.getBoundingClientRect();
      stack.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + ${share} * (box.width - 58), clientY: box.top + 60, bubbles: true }));
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      const tip = document.querySelector('#tip');
      return { hidden: tip.hidden, text: tip.innerText };
    })()`);
    /** Pixels of a canvas that are painted. */
    const painted = (id: string) =>
      browser.evaluate<number>(`(() => {
      const canvas = document.querySelector('${id}');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let i = 3; i < data.length; i += 4) if (data[i] > 0) count++;
      return count;
    })()`);
    const click = (selector: string) =>
      browser.evaluate(`(async () => {
      document.querySelector(${JSON.stringify(selector)}).click();
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    })()`);

    it('draws every chart without an error or a request', async () => {
      for (const id of ['#equity', '#drawdown', '#price', '#exposure', '#actions', '#axis'])
        expect(await painted(id), id).toBeGreaterThan(100);
      expect(browser.errors).toEqual([]);
      expect(browser.requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
    });

    it('tells the values under the pointer', async () => {
      const { chart } = evaluation;
      const first = await hover(0);
      const last = await hover(1);
      expect(first.hidden).toBe(false);
      expect(first.text).toContain(new Date(chart.timeMs[0]).toISOString().slice(0, 10));
      expect(last.text).toContain(new Date(chart.timeMs.at(-1) ?? 0).toISOString().slice(0, 10));
      const final = evaluation.subject.metrics.cumulativeReturn ?? 0;
      expect(last.text.replace('−', '-')).toContain(`${(100 * final).toFixed(2)} %`);
      expect(last.text).toContain('Close');
      expect(last.text).not.toBe(first.text);
    });

    it('switches curves, scale and zoom', async () => {
      const before = await painted('#equity');
      await click('[data-curve="3"]');
      expect((await hover(0.5)).text).toContain(reportData(evaluation).curves[3].label);
      expect(await painted('#equity')).not.toBe(before);
      await click('#log');
      expect(await browser.evaluate('document.querySelector("#log").getAttribute("aria-pressed")')).toBe('true');
      const box = await browser.evaluate<{ left: number; top: number; width: number }>(
        `(() => { const { left, top, width } = document.querySelector('#charts').getBoundingClientRect(); return { left, top, width }; })()`,
      );
      const mouse = (type: string, share: number) =>
        browser.send('Input.dispatchMouseEvent', {
          type,
          x: box.left + share * (box.width - 58),
          y: box.top + 60,
          button: 'left',
          buttons: type === 'mouseReleased' ? 0 : 1,
          clickCount: 1,
        });
      await mouse('mousePressed', 0.4);
      await mouse('mouseMoved', 0.5);
      await mouse('mouseReleased', 0.6);
      expect(await browser.evaluate('document.querySelector("#whole").hidden')).toBe(false);
      const zoomed = (await hover(0)).text;
      expect(zoomed).not.toContain(new Date(evaluation.chart.timeMs[0]).toISOString().slice(0, 16).replace('T', ' '));
      await click('#whole');
      expect((await hover(0)).text).toContain(new Date(evaluation.chart.timeMs[0]).toISOString().slice(0, 10));
      expect(browser.errors).toEqual([]);
    });

    it('follows the colour scheme', async () => {
      const background = async (value: string) => {
        await browser.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
        return browser.evaluate<string>('getComputedStyle(document.body).backgroundColor');
      };
      expect(await background('light')).toBe('rgb(244, 245, 247)');
      expect(await background('dark')).toBe('rgb(14, 17, 22)');
    });

    it('fits a phone without sideways scrolling', async () => {
      const phone = { width: 360, height: 740, deviceScaleFactor: 2, mobile: true };
      await browser.send('Emulation.setDeviceMetricsOverride', phone);
      expect(await browser.evaluate('document.documentElement.scrollWidth')).toBe(360);
      expect((await hover(0.5)).hidden).toBe(false);
    });
  },
);
