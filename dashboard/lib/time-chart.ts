/** lightweight-charts in the page's colours: panes on one axis of time, drawn again where the theme changes. */
import {
  AreaSeries,
  BaselineSeries,
  CandlestickSeries,
  type ChartOptions,
  ColorType,
  CrosshairMode,
  createChart,
  createSeriesMarkers,
  type DeepPartial,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  LineSeries,
  LineStyle,
  LineType,
  PriceScaleMode,
  type SeriesMarker,
  type SeriesType,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import { token } from './theme.ts';

export const seconds = (ms: number): UTCTimestamp => Math.round(ms / 1000) as UTCTimestamp;

/** Of the axis at the right; what stands below a chart leaves as much room. */
export const AXIS_WIDTH = 84;

function look(): DeepPartial<ChartOptions> {
  return {
    autoSize: true,
    layout: {
      background: { type: ColorType.Solid, color: 'transparent' },
      textColor: token('ink-3'),
      fontFamily: token('sans'),
      fontSize: 11,
      attributionLogo: false,
      panes: { separatorColor: token('line'), separatorHoverColor: token('line-strong'), enableResize: false },
    },
    grid: { vertLines: { color: token('grid') }, horzLines: { color: token('grid') } },
    crosshair: {
      mode: CrosshairMode.Normal,
      vertLine: { color: token('you') },
      horzLine: { color: token('line-strong') },
    },
    rightPriceScale: { borderVisible: false, minimumWidth: AXIS_WIDTH },
    timeScale: { borderColor: token('line'), timeVisible: true, secondsVisible: false, minBarSpacing: 0.01 },
    localization: { locale: 'en-GB' },
  };
}

/** A series that is coloured by tokens: options are made anew where the theme changes. */
interface Painted {
  readonly series: ISeriesApi<SeriesType>;
  readonly paint: () => object;
}

export class TimeChart {
  readonly chart: IChartApi;
  readonly #painted: Painted[] = [];
  readonly #repaint = () => {
    this.chart.applyOptions(look());
    for (const { series, paint } of this.#painted) series.applyOptions(paint());
  };

  constructor(element: HTMLElement) {
    this.chart = createChart(element, look());
    addEventListener('themechange', this.#repaint);
  }

  close(): void {
    removeEventListener('themechange', this.#repaint);
    this.chart.remove();
  }

  line(
    pane: number,
    colour: string,
    options: { dash?: boolean; dots?: boolean; width?: 1 | 2; format: (value: number) => string; title?: string },
  ) {
    const { dash = false, dots = false, width = 1, format, title = '' } = options;
    const paint = () => ({
      color: token(colour),
      lineWidth: width,
      lineStyle: dash ? LineStyle.Dashed : dots ? LineStyle.Dotted : LineStyle.Solid,
      priceLineVisible: false,
      lastValueVisible: title !== '',
      title,
      priceFormat: { type: 'custom', formatter: format, minMove: 0.0001 } as const,
    });
    return this.#keep(this.chart.addSeries(LineSeries, paint(), pane), paint);
  }

  /** Filled up to 0, above or below. */
  below(pane: number, colour: string, soft: string, format: (value: number) => string) {
    const paint = () => ({
      baseValue: { type: 'price', price: 0 } as const,
      ...{ topLineColor: token(colour), topFillColor1: token(soft), topFillColor2: token(soft) },
      ...{ bottomLineColor: token(colour), bottomFillColor1: token(soft), bottomFillColor2: token(soft) },
      ...{ lineWidth: 1 as const, priceLineVisible: false, lastValueVisible: false },
      priceFormat: { type: 'custom', formatter: format, minMove: 0.0001 } as const,
    });
    return this.#keep(this.chart.addSeries(BaselineSeries, paint(), pane), paint);
  }

  area(pane: number, colour: string, soft: string, format: (value: number) => string, steps = false) {
    const paint = () => ({
      lineColor: token(colour),
      topColor: token(soft),
      bottomColor: token(soft),
      lineWidth: 1 as const,
      lineType: steps ? LineType.WithSteps : LineType.Simple,
      priceLineVisible: false,
      lastValueVisible: false,
      priceFormat: { type: 'custom', formatter: format, minMove: 0.0001 } as const,
    });
    return this.#keep(this.chart.addSeries(AreaSeries, paint(), pane), paint);
  }

  /** Up candles are hollow, down candles full. */
  candles(pane: number, format: (value: number) => string) {
    const paint = () => ({
      upColor: token('card'),
      downColor: token('loss'),
      borderUpColor: token('gain'),
      borderDownColor: token('loss'),
      wickUpColor: token('gain'),
      wickDownColor: token('loss'),
      priceLineVisible: false,
      lastValueVisible: false,
      priceFormat: { type: 'custom', formatter: format, minMove: 1e-8 } as const,
    });
    return this.#keep(this.chart.addSeries(CandlestickSeries, paint(), pane), paint);
  }

  volume(pane: number) {
    const paint = () => ({
      color: token('line-strong'),
      priceFormat: { type: 'volume' } as const,
      priceScaleId: 'volume',
      lastValueVisible: false,
      priceLineVisible: false,
    });
    const series = this.#keep(this.chart.addSeries(HistogramSeries, paint(), pane), paint);
    series.priceScale().applyOptions({ scaleMargins: { top: 0.8, bottom: 0 } });
    return series;
  }

  /** Bought points up, sold points down. */
  markers(series: ISeriesApi<SeriesType>, fills: readonly { readonly timeMs: number; readonly bought: boolean }[]) {
    const made = (): SeriesMarker<Time>[] =>
      fills.map(({ timeMs, bought }) => ({
        time: seconds(timeMs),
        position: bought ? 'belowBar' : 'aboveBar',
        shape: bought ? 'arrowUp' : 'arrowDown',
        color: token(bought ? 'gain' : 'loss'),
        size: 0.7,
      }));
    return createSeriesMarkers(series, made());
  }

  log(pane: number, on: boolean): void {
    this.chart
      .panes()
      [pane]?.priceScale('right')
      .applyOptions({ mode: on ? PriceScaleMode.Logarithmic : PriceScaleMode.Normal });
  }

  #keep<T extends ISeriesApi<SeriesType>>(series: T, paint: () => object): T {
    this.#painted.push({ series, paint });
    return series;
  }
}
