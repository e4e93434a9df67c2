/**
 * A day of paper trading in a second: the bot on a venue in this process, in virtual time, with streams that break; then
 * its journal is replayed, and live must have equalled training. Usage: npm run example examples/paper-trading.ts [STORAGE]
 */
import * as tn from 'tradernet';

const minuteMs = 60_000;
const [history, minutes] = [300, 240];
const startMs = Date.UTC(2026, 0, 5);
const symbol = 'BTC/USDT';
const { series } = tn.synthesize({ seed: 1, bars: history + minutes, timeframeMs: minuteMs, startMs });
const filters = { priceTick: '0.01', quantityStep: '0.00001', minQuantity: '0.00001', maxQuantity: '9000' };
const limits = { maxMarketQuantity: '100', minNotional: '5', takerFeeRate: '0.001' };
const market = { symbol, base: 'BTC', quote: 'USDT', active: true, ...filters, ...limits };

const clock = new tn.VirtualClock(startMs + history * minuteMs + 1000);
const candles = Array.from({ length: series.length }, (_, i) => tn.candleAt(series, i));
const paths = new Map([[symbol, new tn.PricePath(candles, minuteMs, market.priceTick)]]);
const engine = new tn.MatchingEngine({
  ...{ markets: [market], paths, balances: { USDT: '10000' } },
  ...{ feeRate: '0.001', feeIn: 'received', halfSpreadTicks: 1 },
});
const [fromMs, untilMs] = [30, 40].map((minute) => clock.nowMs() + minute * minuteMs);
const broken = { kind: 'stream-drop', fromMs, untilMs, amountMs: 0 } as const;
const venue = new tn.SimulatedVenue({ clock, engine, paths, faults: new tn.FaultBook([broken]) });

/** Follows the last four bars: no training, and nothing to be learned from it. */
const decide = ({ values, mask }: tn.Observation): tn.AgentDecision => {
  let trend = 0;
  for (let bar = 1; bar <= 4; bar++) trend += values[values.length - (bar * values.length) / 12];
  const wish = trend > 1 ? tn.BUY : trend < -0.5 ? tn.SELL : tn.HOLD;
  return { action: mask[wish] === 1 ? wish : tn.HOLD, probabilities: null, qValues: null };
};
const agent: tn.Agent = { kind: 'trend', decide, getAction: (obs) => decide(obs).action };
const set = tn.featureSet('tradernet19');
const scaler = tn.fitScaler(tn.computeFeatures(series, set), 0, history - 10, 'standardise');
const account = { ...tn.DEFAULT_ACCOUNT, quantityStep: Number(market.quantityStep) };
/** Everything fresh: once for the bot, once for the replay. */
const setUp = () => {
  const features = new tn.RealTimeFeatureEng(set, scaler, minuteMs);
  return [{ symbol, account, market, features, agent, shield: tn.createShield({ profile: 'balanced' }) }];
};

const files = new tn.NodeFileSystem(process.argv[2] ?? 'database/storage');
const stop = new AbortController();
const place = { files, folder: 'bots/example', id: 'exampl01', runId: 'run0', setup: {} };
const limitsOfBot = { warmUpBars: 200, maxDrawdown: 0, maxDataAgeMs: 30_000 };
const time = { clock, elapsedMs: () => clock.elapsedMs(), timeframeMs: minuteMs };
const bot = new tn.Bot({ kind: 'paper', venue, symbols: setUp(), ...place, ...limitsOfBot, ...time });
const running = bot.run(stop.signal);
await clock.advanceTo(startMs + (history + minutes) * minuteMs);
stop.abort(new Error('the day is over'));
await clock.runUntil(running.catch(() => {}));
const { broker, decisions } = bot.traders[0];
console.log(`${decisions} decisions, equity ${broker.account.equity.toFixed(2)} of ${account.startingEquity}`);

const entries = tn.readEntries(tn.readRecords(files.read('bots/example/journal.log')).records);
const { differences } = await tn.verifyJournal({ entries, symbols: setUp(), history: null, maxDataAgeMs: 30_000 });
console.log(differences.length === 0 ? 'live equalled training, to the last bit' : differences);
