/** Marks one bar and the window that led to it, behind the candles and drawn in the same frame. */
import type { IChartApi, ISeriesPrimitive, SeriesAttachedParameter, Time } from 'lightweight-charts';
import { token } from './theme.ts';

export class BarMark implements ISeriesPrimitive<Time> {
  #chart: IChartApi | null = null;
  #update: (() => void) | null = null;
  #from = 0;
  #to = 0;

  attached({ chart, requestUpdate }: SeriesAttachedParameter<Time>): void {
    this.#chart = chart as IChartApi;
    this.#update = requestUpdate;
  }

  /** Logical indices of the window's first bar and of the bar. */
  set(from: number, to: number): void {
    this.#from = from;
    this.#to = to;
    this.#update?.();
  }

  paneViews() {
    const draw: ReturnType<
      NonNullable<ReturnType<NonNullable<ISeriesPrimitive<Time>['paneViews']>>[number]['renderer']>
    > = {
      draw: (target) =>
        target.useBitmapCoordinateSpace(({ context, bitmapSize, horizontalPixelRatio: ratio }) => {
          const scale = this.#chart?.timeScale();
          const [left, right] = [this.#from, this.#to].map((at) => scale?.logicalToCoordinate(at as never) ?? null);
          if (left === null || right === null) return;
          const half = ((right - left) / Math.max(1, this.#to - this.#from) / 2) * ratio;
          context.fillStyle = token('you-soft');
          context.fillRect(left * ratio - half, 0, (right - left) * ratio + 2 * half, bitmapSize.height);
          context.fillStyle = token('you');
          context.fillRect(Math.round(right * ratio), 0, Math.max(1, Math.round(1.5 * ratio)), bitmapSize.height);
        }),
    };
    return [{ zOrder: () => 'bottom' as const, renderer: () => draw }];
  }
}
