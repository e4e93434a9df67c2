/**
 * The report's own script. `drawReport` is written into the page as text, so it may use nothing from outside itself;
 * its types are those of the page's data. Canvas charts on one time axis: crosshair with values, a legend that
 * switches curves, dragging zooms, both colour schemes, touch and arrow keys.
 */
import type { ReportData } from './data.ts';

export function drawReport(data: ReportData): void {
  interface Panel {
    readonly canvas: HTMLCanvasElement;
    /** Draws into (0, 0, width, height); returns where a value lies, for the crosshair's dot. */
    draw(area: Area): void;
  }
  interface Area {
    readonly ctx: CanvasRenderingContext2D;
    readonly width: number;
    readonly height: number;
    x(second: number): number;
    /** Points to draw: those in view and one on each side. */
    readonly first: number;
    readonly last: number;
  }

  const AXIS = 58;
  const times: number[] = [];
  for (const step of data.time) times.push((times.at(-1) ?? 0) + step);
  const count = times.length;
  const start = times[0];
  const end = times[count - 1];
  const curves = data.curves.map((curve, index) => ({ ...curve, index, visible: curve.shown }));
  const growth = curves.map(({ values }) => values.map((value) => value / data.equityParts));
  const drawdowns = growth.map((values) => {
    let peak = values[0];
    return values.map((value) => {
      peak = Math.max(peak, value);
      return value / peak - 1;
    });
  });
  const view = { from: start, to: end };
  const state = { hover: -1, log: false, dragFrom: -1, dragTo: -1 };
  const dark = matchMedia('(prefers-color-scheme: dark)');

  const find = <T extends Element>(selector: string) => document.querySelector(selector) as T;
  const stack = find<HTMLElement>('#charts');
  const tip = find<HTMLElement>('#tip');
  const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colour = (index: number) => css(`--curve-${index % 8}`);

  /** Index of the point nearest to a time. */
  const nearest = (second: number): number => {
    let low = 0;
    let high = count - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (times[middle] <= second) low = middle;
      else high = middle;
    }
    return second - times[low] <= times[high] - second ? low : high;
  };

  const number = (value: number, decimals: number) => {
    const [whole, fraction] = Math.abs(value).toFixed(decimals).split('.');
    const sign = value < 0 && Number(value.toFixed(decimals)) !== 0 ? '−' : '';
    return sign + whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',') + (fraction === undefined ? '' : `.${fraction}`);
  };
  const percent = (value: number, decimals = 1) => `${number(100 * value, decimals)} %`;
  const highest = Math.max(...data.close);
  const price = (value: number) => number(value, highest >= 10_000 ? 0 : highest >= 100 ? 2 : highest >= 1 ? 4 : 7);
  const date = (second: number) => {
    const text = new Date(second * 1000).toISOString();
    return data.timeframeMs >= 86_400_000 ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, 16)}`;
  };

  /** About `wanted` round values within [low, high]. */
  const ticks = (low: number, high: number, wanted: number): number[] => {
    const rough = (high - low) / wanted;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
    const values: number[] = [];
    for (let k = Math.ceil(low / step); k * step <= high; k++) values.push(k * step);
    return values;
  };

  const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  /** Times worth a label, with it: hours, days, months or years, as the view is wide. */
  const timeTicks = (width: number): { second: number; label: string }[] => {
    const rough = (view.to - view.from) / Math.max(2, width / 75);
    const day = 86_400;
    const found: { second: number; label: string }[] = [];
    const step = [3600, 10_800, 21_600, 43_200, day, 2 * day, 5 * day, 10 * day].find((size) => size >= rough);
    if (step !== undefined) {
      for (let second = Math.ceil(view.from / step) * step; second <= view.to; second += step) {
        const at = new Date(second * 1000);
        const label =
          second % day === 0 ? `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}` : at.toISOString().slice(11, 16);
        found.push({ second, label });
      }
      return found;
    }
    const months = [1, 2, 3, 6, 12, 24, 60].find((size) => size * 30.4 * day >= rough) ?? 120;
    const first = new Date(view.from * 1000);
    for (
      let month = Math.ceil((first.getUTCFullYear() * 12 + first.getUTCMonth()) / months) * months;
      ;
      month += months
    ) {
      const second = Date.UTC(Math.floor(month / 12), month % 12, 1) / 1000;
      if (second > view.to) return found;
      const name = MONTHS[month % 12];
      if (second >= view.from)
        found.push({ second, label: month % 12 === 0 ? String(month / 12) : months < 12 ? name : '' });
    }
  };

  const line = (area: Area, values: readonly number[], y: (value: number) => number, style: string, width: number) => {
    const { ctx } = area;
    ctx.beginPath();
    for (let i = area.first; i <= area.last; i++) ctx.lineTo(area.x(times[i]), y(values[i]));
    ctx.strokeStyle = style;
    ctx.lineWidth = width;
    ctx.lineJoin = 'round';
    ctx.stroke();
  };
  const fill = (area: Area, values: readonly number[], y: (value: number) => number, style: string, alpha: number) => {
    const { ctx } = area;
    ctx.beginPath();
    ctx.moveTo(area.x(times[area.first]), y(0));
    for (let i = area.first; i <= area.last; i++) ctx.lineTo(area.x(times[i]), y(values[i]));
    ctx.lineTo(area.x(times[area.last]), y(0));
    ctx.globalAlpha = alpha;
    ctx.fillStyle = style;
    ctx.fill();
    ctx.globalAlpha = 1;
  };
  const grid = (
    area: Area,
    values: readonly number[],
    y: (value: number) => number,
    label: (value: number) => string,
  ) => {
    const { ctx, width, height } = area;
    ctx.lineWidth = 1;
    ctx.font = '11px system-ui, sans-serif';
    ctx.textBaseline = 'middle';
    ctx.textAlign = 'left';
    for (const value of values) {
      const at = Math.round(y(value)) + 0.5;
      ctx.strokeStyle = css(label(value) === '0 %' || label(value) === '0.0 %' ? '--zero' : '--grid');
      ctx.beginPath();
      ctx.moveTo(0, at);
      ctx.lineTo(width, at);
      ctx.stroke();
      ctx.fillStyle = css('--muted');
      ctx.fillText(label(value), width + 8, Math.min(height - 7, Math.max(7, at)));
    }
  };
  const dot = ({ ctx, x }: Area, value: number, style: string) => {
    if (state.hover < 0 || !Number.isFinite(value)) return;
    ctx.beginPath();
    ctx.arc(x(times[state.hover]), value, 3.5, 0, 7);
    ctx.fillStyle = style;
    ctx.fill();
    ctx.strokeStyle = css('--card');
    ctx.lineWidth = 1.5;
    ctx.stroke();
  };
  /** Smallest and largest of the series within view. */
  const range = (area: Area, series: readonly (readonly number[])[]): [number, number] => {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (const values of series)
      for (let i = area.first; i <= area.last; i++) {
        low = Math.min(low, values[i]);
        high = Math.max(high, values[i]);
      }
    const room = (high - low) * 0.06 || Math.abs(high) * 0.01 || 0.01;
    return [low - room, high + room];
  };

  const drawEquity = (area: Area) => {
    const { height } = area;
    const visible = curves.filter((curve) => curve.visible);
    const shown = visible.map(({ index }) => growth[index]);
    const [low, high] = range(area, shown.length > 0 ? shown : [[1, 1]].map(() => growth[0]));
    const floor = Math.max(low, 1e-3);
    const scale = state.log ? Math.log : (value: number) => value;
    const bottom = scale(state.log ? floor : low);
    const top = scale(high);
    const y = (value: number) => height - ((scale(Math.max(value, 1e-3)) - bottom) / (top - bottom)) * height;
    const marks = state.log
      ? [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 20, 50, 100].filter(
          (v) => v >= floor && v <= high,
        )
      : ticks(low - 1, high - 1, height / 48).map((value) => value + 1);
    // Where money multiplies, percent no longer fit beside the axis.
    const label = (value: number) =>
      value > 100 ? `× ${number(value, 0)}` : percent(value - 1, Math.abs(high - low) < 0.05 ? 1 : 0);
    grid(area, marks, y, label);
    for (const { index } of visible.toReversed()) line(area, growth[index], y, colour(index), index === 0 ? 2.25 : 1.4);
    for (const { index } of visible) dot(area, y(growth[index][state.hover]), colour(index));
  };

  const drawDrawdown = (area: Area) => {
    const visible = curves.filter(({ visible, index }) => visible || index === 0);
    const [low] = range(
      area,
      visible.map(({ index }) => drawdowns[index]),
    );
    const y = (value: number) => (value / low) * area.height;
    grid(area, ticks(low, 0, 3), y, (value) => percent(value, low > -0.05 ? 1 : 0));
    for (const { index } of visible.toReversed()) {
      if (index === 0) fill(area, drawdowns[0], y, css('--bad'), 0.22);
      line(area, drawdowns[index], y, index === 0 ? css('--bad') : colour(index), index === 0 ? 1.6 : 1);
    }
    dot(area, y(drawdowns[0][state.hover]), css('--bad'));
  };

  const drawPrice = (area: Area) => {
    const { ctx, height, x } = area;
    const [low, high] = range(area, [data.close]);
    const y = (value: number) => height - ((value - low) / (high - low)) * height;
    const marks = ticks(low, high, height / 48);
    const decimals = Math.max(0, -Math.floor(Math.log10((high - low) / (height / 48))));
    grid(area, marks, y, (value) => number(value, decimals));
    line(area, data.close, y, css('--price'), 1.3);
    const seen = data.fills.filter(([second]) => second >= view.from && second <= view.to);
    const size = seen.length > 700 ? 2 : seen.length > 250 ? 3 : seen.length > 80 ? 4 : 5.5;
    ctx.globalAlpha = seen.length > 700 ? 0.55 : 0.9;
    for (const [second, at, side, reason] of seen) {
      const left = x(second);
      const tip = y(at);
      const base = tip + side * size * 1.9;
      ctx.beginPath();
      ctx.moveTo(left, tip + side * 2);
      ctx.lineTo(left - size, base + side * 2);
      ctx.lineTo(left + size, base + side * 2);
      ctx.closePath();
      ctx.fillStyle =
        reason === 0 || data.reasons[reason] === 'end' ? css(side > 0 ? '--buy' : '--sell') : css('--warn');
      ctx.fill();
    }
    ctx.globalAlpha = 1;
    dot(area, y(data.close[state.hover]), css('--price'));
  };

  const drawExposure = (area: Area) => {
    const { height } = area;
    const bottom = data.exposure.some((value) => value < 0) ? -1050 : 0;
    const top = Math.max(1050, ...data.exposure);
    const y = (value: number) => height - ((value - bottom) / (top - bottom)) * height;
    grid(area, bottom < 0 ? [-1000, 0, 1000] : [0, 500, 1000], y, (value) => percent(value / 1000, 0));
    fill(area, data.exposure, y, css('--curve-0'), 0.3);
    line(area, data.exposure, y, css('--curve-0'), 1.1);
    dot(area, y(data.exposure[state.hover]), css('--curve-0'));
  };

  const stretchOf = (second: number) =>
    Math.min(
      data.actions.sell.length - 1,
      Math.floor(((second - start) / (end - start || 1)) * data.actions.sell.length),
    );

  const drawActions = (area: Area) => {
    const { ctx, height, width, x } = area;
    const { sell, buy } = data.actions;
    const length = (end - start) / sell.length;
    for (let s = 0; s < sell.length; s++) {
      const left = x(start + s * length);
      const right = x(start + (s + 1) * length);
      if (right < 0 || left > width || sell[s] < 0) continue;
      const bar = Math.max(1, right - left - (right - left > 4 ? 1 : 0));
      const parts: [string, number][] = [
        ['--sell', sell[s]],
        ['--hold', 1000 - sell[s] - buy[s]],
        ['--buy', buy[s]],
      ];
      let top = 0;
      for (const [name, share] of parts) {
        const tall = (share / 1000) * height;
        ctx.fillStyle = css(name);
        ctx.fillRect(left, top, bar, tall);
        top += tall;
      }
    }
    ctx.fillStyle = css('--muted');
    ctx.font = '11px system-ui, sans-serif';
    ctx.textAlign = 'left';
    ctx.textBaseline = 'middle';
    ctx.fillText('SELL', width + 8, 8);
    ctx.fillText('HOLD', width + 8, height / 2);
    ctx.fillText('BUY', width + 8, height - 8);
  };

  const drawAxis = (area: Area) => {
    const { ctx, width, x } = area;
    ctx.fillStyle = css('--muted');
    ctx.font = '11px system-ui, sans-serif';
    ctx.textBaseline = 'top';
    for (const { second, label } of timeTicks(width)) {
      const at = x(second);
      if (at < 14 || at > width - 4) continue;
      ctx.textAlign = 'center';
      ctx.fillText(label, at, 5);
    }
  };

  const panels: Panel[] = [
    { canvas: find('#equity'), draw: drawEquity },
    { canvas: find('#drawdown'), draw: drawDrawdown },
    { canvas: find('#price'), draw: drawPrice },
    { canvas: find('#exposure'), draw: drawExposure },
    { canvas: find('#actions'), draw: drawActions },
    { canvas: find('#axis'), draw: drawAxis },
  ];

  const draw = () => {
    const first = Math.max(0, nearest(view.from) - 1);
    const last = Math.min(count - 1, nearest(view.to) + 1);
    for (const { canvas, draw: paint } of panels) {
      const ctx = canvas.getContext('2d');
      if (ctx === null) continue;
      const ratio = devicePixelRatio || 1;
      const full = canvas.clientWidth;
      const height = canvas.clientHeight;
      if (canvas.width !== Math.round(full * ratio) || canvas.height !== Math.round(height * ratio)) {
        canvas.width = Math.round(full * ratio);
        canvas.height = Math.round(height * ratio);
      }
      ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
      ctx.clearRect(0, 0, full, height);
      const width = full - AXIS;
      const x = (second: number) => ((second - view.from) / (view.to - view.from || 1)) * width;
      ctx.save();
      paint({ ctx, width, height, x, first, last });
      ctx.restore();
      if (state.dragFrom >= 0) {
        ctx.fillStyle = css('--select');
        ctx.fillRect(Math.min(state.dragFrom, state.dragTo), 0, Math.abs(state.dragTo - state.dragFrom), height);
      }
      if (state.hover >= 0 && canvas.id !== 'axis') {
        const at = Math.round(x(times[state.hover])) + 0.5;
        ctx.strokeStyle = css('--cross');
        ctx.setLineDash([3, 3]);
        ctx.lineWidth = 1;
        ctx.beginPath();
        ctx.moveTo(at, 0);
        ctx.lineTo(at, height);
        ctx.stroke();
        ctx.setLineDash([]);
      }
    }
  };

  const row = (swatch: string, label: string, value: string) => {
    const item = document.createElement('div');
    const mark = document.createElement('i');
    mark.style.background = swatch;
    const name = document.createElement('span');
    name.textContent = label;
    const figure = document.createElement('b');
    figure.textContent = value;
    item.append(mark, name, figure);
    return item;
  };

  const showTip = () => {
    const i = state.hover;
    tip.hidden = i < 0;
    if (i < 0) return;
    const head = document.createElement('time');
    head.textContent = `${date(times[i])} UTC`;
    const rows = curves
      .filter((curve) => curve.visible)
      .map(({ index, label }) => row(colour(index), label, percent(growth[index][i] - 1, 2)));
    rows.push(row(css('--bad'), 'Drawdown', percent(drawdowns[0][i], 2)));
    rows.push(row(css('--price'), 'Close', price(data.close[i])));
    rows.push(row(css('--curve-0'), 'Exposure', percent(data.exposure[i] / 1000, 0)));
    const s = stretchOf(times[i]);
    const { sell, buy } = data.actions;
    if (sell[s] >= 0) {
      rows.push(row(css('--buy'), 'BUY around here', percent(buy[s] / 1000, 0)));
      rows.push(row(css('--sell'), 'SELL around here', percent(sell[s] / 1000, 0)));
    }
    tip.replaceChildren(head, ...rows);
    const width = stack.clientWidth - AXIS;
    const at = ((times[i] - view.from) / (view.to - view.from || 1)) * width;
    const left = at > width / 2 ? at - tip.offsetWidth - 14 : at + 14;
    tip.style.left = `${Math.max(0, Math.min(stack.clientWidth - tip.offsetWidth, left))}px`;
  };

  let waiting = false;
  const refresh = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
      showTip();
    });
  };

  const secondAt = (clientX: number) => {
    const box = stack.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (clientX - box.left) / (box.width - AXIS)));
    return view.from + share * (view.to - view.from);
  };
  const setView = (from: number, to: number) => {
    view.from = from;
    view.to = to;
    find<HTMLElement>('#whole').hidden = from === start && to === end;
    refresh();
  };

  stack.addEventListener('pointermove', (event) => {
    const box = stack.getBoundingClientRect();
    state.hover = nearest(secondAt(event.clientX));
    if (state.dragFrom >= 0) state.dragTo = Math.min(box.width - AXIS, Math.max(0, event.clientX - box.left));
    refresh();
  });
  stack.addEventListener('pointerleave', () => {
    if (state.dragFrom >= 0) return;
    state.hover = -1;
    refresh();
  });
  stack.addEventListener('pointerdown', (event) => {
    if (event.pointerType !== 'mouse' || event.button !== 0) return;
    state.dragFrom = event.clientX - stack.getBoundingClientRect().left;
    state.dragTo = state.dragFrom;
    stack.setPointerCapture(event.pointerId);
  });
  stack.addEventListener('pointerup', (event) => {
    if (state.dragFrom < 0) return;
    const box = stack.getBoundingClientRect();
    const from = secondAt(box.left + Math.min(state.dragFrom, state.dragTo));
    const to = secondAt(box.left + Math.max(state.dragFrom, state.dragTo));
    const far = Math.abs(state.dragTo - state.dragFrom) > 8 && to - from > (6 * data.timeframeMs) / 1000;
    state.dragFrom = -1;
    stack.releasePointerCapture(event.pointerId);
    if (far) setView(from, to);
    else refresh();
  });
  stack.addEventListener('dblclick', () => setView(start, end));
  stack.addEventListener('keydown', (event) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const jump = event.shiftKey ? Math.max(1, Math.round(count / 50)) : 1;
    state.hover = state.hover < 0 ? count - 1 : Math.min(count - 1, Math.max(0, state.hover + step * jump));
    refresh();
  });

  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-curve]')) {
    const curve = curves[Number(button.dataset.curve)];
    button.addEventListener('click', () => {
      curve.visible = !curve.visible;
      button.setAttribute('aria-pressed', String(curve.visible));
      refresh();
    });
  }
  const logButton = find<HTMLButtonElement>('#log');
  logButton.addEventListener('click', () => {
    state.log = !state.log;
    logButton.setAttribute('aria-pressed', String(state.log));
    refresh();
  });
  find('#whole').addEventListener('click', () => setView(start, end));
  new ResizeObserver(refresh).observe(stack);
  dark.addEventListener('change', refresh);
  draw();
}
