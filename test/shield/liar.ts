/**
 * An agent that wants to lose and knows the future, and markets searched for the path on which it loses most. The
 * account trades next-open fills as every backtest does; the question is how far beyond its drawdown limit it ends.
 */
import { Account, type AccountConfig, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import type { Action } from '../../src/core/action.ts';
import { exp } from '../../src/core/math.ts';
import type { Rng } from '../../src/core/rng.ts';
import type { Shield } from '../../src/core/shield.ts';
import { describeDecision } from '../../src/decision/facts.ts';
import { ask, HOUR_MS, START_MS } from './facts.ts';

/** (bars, 4) log moves: close to open, open to close, and how far the wicks reach beyond both, all of one bar. */
export type Path = Float64Array;
const MOVES = 4;

export interface World {
  readonly account: AccountConfig;
  readonly haltAt: number;
  /** Whether the position can be closed within a bar, by a stop or by liquidation, so that its wicks count as prices. */
  readonly withinBars: boolean;
  shield(): Shield;
}

export interface Outcome {
  bars: number;
  halted: boolean;
  /**
   * Share of the peak by which the end is below the limit, beyond what is unavoidable: the largest position of the
   * last two bars times the range of prices from close t-1 to open t+1 (the position may have grown at open t, so that
   * the net move alone doesn't bound the loss), and the costs of that time. Above 0: a breach.
   */
  excess: number;
  /** Deepest drawdown from the highest close, as a share. */
  drawdown: number;
}

/** The request after which the account is worth least at the next close. */
function askForTheWorst(account: Account, close: number, nextOpen: number, nextClose: number): Action {
  let worst: Action = 2;
  let least = Number.POSITIVE_INFINITY;
  for (const action of [2, 1, 0] as const) {
    const order = account.orderFor(action, close);
    const cost = Math.abs(order) * nextOpen * (account.config.feeRate + account.config.slippageRate);
    const worth = (account.position + order) * (nextClose - nextOpen) + account.position * (nextOpen - close) - cost;
    if (worth < least) [least, worst] = [worth, action];
  }
  return worst;
}

const costsOf = (account: Account): number => account.feesPaid + account.slippagePaid + account.borrowPaid;

/** Trades one path to its end, or to the flat account after a halt, whatever comes first. */
export function tradePath(world: World, path: Path): Outcome {
  const bars = path.length / MOVES;
  const account = new Account(world.account);
  const shield = world.shield();
  const levels = shield.levels.bind(shield);
  const values = new Float32Array(2);
  let close = 100;
  account.reset(close);
  let order = 0;
  let peak = account.equity;
  /** Since close t-1: that close, the highest and lowest price, the largest position, and the costs paid before. */
  let before = { close, high: close, low: close, position: 0, costs: 0, peak };
  let flattening = false;
  let nearest = Number.NEGATIVE_INFINITY;
  let drawdown = 0;
  for (let bar = 0; bar < bars; bar++) {
    const open = close * exp(path[bar * MOVES]);
    const next = open * exp(path[bar * MOVES + 1]);
    const high = Math.max(open, next) * exp(Math.abs(path[bar * MOVES + 2]));
    const low = Math.min(open, next) * exp(-Math.abs(path[bar * MOVES + 3]));
    const start = {
      close,
      high: close,
      low: close,
      position: Math.abs(account.position),
      costs: costsOf(account),
      peak,
    };
    account.openBar(order, HOUR_MS, open);
    if (flattening) {
      // Flat since this open: what is lost now is lost for good.
      const range = Math.max(before.high, open) - Math.min(before.low, open);
      const unavoidable = Math.max(before.position, start.position) * range + costsOf(account) - before.costs;
      const excess = ((1 - world.haltAt) * before.peak - account.equity - unavoidable) / before.peak;
      const lost = 1 - account.equity / peak;
      // A close that is still to come, so that an account that isn't flat shows itself.
      account.closeBar(open, high, low, next, levels);
      const later = ((1 - world.haltAt) * before.peak - account.equity - unavoidable) / before.peak;
      return { bars: bar + 1, halted: true, excess: Math.max(excess, later), drawdown: Math.max(drawdown, lost) };
    }
    start.position = Math.max(start.position, Math.abs(account.position));
    account.closeBar(open, high, low, next, levels);
    start.high = Math.max(start.high, open, next, world.withinBars ? high : next);
    start.low = Math.min(start.low, open, next, world.withinBars ? low : next);
    close = next;
    drawdown = Math.max(drawdown, 1 - account.equity / peak);
    nearest = Math.max(nearest, drawdown - world.haltAt);
    if (account.ended) {
      const unavoidable = start.position * (start.high - start.low) + costsOf(account) - start.costs;
      const excess = ((1 - world.haltAt) * start.peak - account.equity - unavoidable) / start.peak;
      return { bars: bar + 1, halted: true, excess, drawdown };
    }
    const following = bar + 1 < bars ? (bar + 1) * MOVES : bar * MOVES;
    const nextOpen = close * exp(path[following]);
    const request = askForTheWorst(account, close, nextOpen, nextOpen * exp(path[following + 1]));
    const decision = shield.decide(
      ask(request),
      describeDecision(
        account,
        {
          timeMs: START_MS + (bar + 1) * HOUR_MS,
          timeframeMs: HOUR_MS,
          open,
          high,
          low,
          close,
          clippedShare: 0,
          gapBars: 0,
        },
        { dataAgeMs: 0, unresolved: null, spread: Number.NaN, lastSlippage: Number.NaN, halted: null },
        values,
        2,
      ),
    );
    flattening = decision.state === 'HALTED';
    order = decision.flatten ? -account.position : account.orderFor(decision.final, close);
    before = start;
    peak = Math.max(peak, account.equity);
  }
  // Not halted: the nearer to the limit, the better a start for the search.
  return { bars, halted: false, excess: nearest - 1, drawdown };
}

/** Moves with fat tails; a third of the paths are calm but for a few jumps. */
function drawPath(rng: Rng, bars: number): Path {
  const scale = 0.003 * exp(1.2 * rng.normal());
  const jumps = rng.integer(3) === 0 ? 0.1 : 0.02;
  return Float64Array.from({ length: bars * MOVES }, (_, index) => {
    const size = rng.uniform() < jumps ? 0.1 : scale;
    return size * rng.normal() * (index % MOVES === 0 ? 0.5 : 1);
  });
}

/** The path with a few of its moves drawn anew, grown or turned round. */
function changePath(rng: Rng, path: Path): Path {
  const changed = path.slice();
  for (let count = 1 + rng.integer(4); count > 0; count--) {
    const index = rng.integer(path.length);
    const kind = rng.integer(3);
    changed[index] = kind === 0 ? 0.1 * rng.normal() : kind === 1 ? -path[index] : 1.5 * path[index];
    // Within what doubles can tell apart: a move of more than a factor 3 in one step is no market.
    changed[index] = Math.max(-1, Math.min(1, changed[index]));
  }
  return changed;
}

export interface Search {
  bars: number;
  paths: number;
  halts: number;
  worst: Outcome;
  worstPath: Path;
}

/** Random restarts and hill climbing on the excess until `bars` bars were traded. */
export function searchForBreach(world: World, rng: Rng, bars: number, length = 60, patience = 25): Search {
  const search: Search = {
    bars: 0,
    paths: 0,
    halts: 0,
    worst: { bars: 0, halted: false, excess: Number.NEGATIVE_INFINITY, drawdown: 0 },
    worstPath: new Float64Array(0),
  };
  const trade = (path: Path): Outcome => {
    const outcome = tradePath(world, path);
    search.bars += outcome.bars;
    search.paths++;
    if (outcome.halted) search.halts++;
    if (outcome.excess > search.worst.excess) [search.worst, search.worstPath] = [outcome, path];
    return outcome;
  };
  while (search.bars < bars) {
    let path = drawPath(rng, length);
    let best = trade(path).excess;
    for (let failures = 0; failures < patience && search.bars < bars; failures++) {
      const changed = changePath(rng, path);
      const { excess } = trade(changed);
      if (excess > best) [path, best, failures] = [changed, excess, 0];
    }
  }
  return search;
}

export const WORLDS: readonly AccountConfig[] = [
  DEFAULT_ACCOUNT,
  { ...DEFAULT_ACCOUNT, mode: 'margin', maxUnits: 2 },
  { ...DEFAULT_ACCOUNT, mode: 'margin', unitQuote: 6000 },
  { ...DEFAULT_ACCOUNT, maxUnits: 1, feeRate: 0, slippageRate: 0 },
];
