/**
 * The one decision step: account columns -> mask -> shield's columns -> agent -> shield -> size -> guard. Training,
 * backtest, paper, live and `verify` make every decision here, so that live equals training can't be got wrong.
 */
import { type Account, writeAccountColumns } from '../core/account.ts';
import { ACTION_COUNT, type Action, HOLD } from '../core/action.ts';
import { type AgentDecision, type Observation, PLAIN } from '../core/agent.ts';
import { type DecisionFacts, type Shield, type ShieldDecision, UNSHIELDED_BITS } from '../core/shield.ts';
import { ACCOUNT_COLUMNS, type ScaledTable, spreadColumns } from '../features/observation.ts';
import { type DecisionBar, describeDecision, type RuntimeFacts, simulateRuntime } from './facts.ts';
import { guardOrder } from './guard.ts';
import { type Limits, UNLIMITED } from './limits.ts';

/** How an observation is laid out. */
type Layout = Pick<ScaledTable, 'window' | 'width' | 'marketWidth' | 'extraScale'>;

export interface DecisionStepOptions {
  readonly account: Account;
  /** null for none. */
  readonly shield: Shield | null;
  readonly layout: Layout;
  /** The bar that closed; looked at only where there is a shield. */
  readonly bar: () => DecisionBar;
  /** (window, width), (3) and (extra columns, at least) to be written to; default: arrays of its own. */
  readonly values?: Float32Array;
  readonly mask?: Uint8Array;
  readonly columns?: Float32Array;
  /** Whether the shield masks what it denies; default: where the observation has its columns. */
  readonly masks?: boolean;
  /** Bounds of new risk; default: none. */
  readonly limits?: Limits;
}

/** Makes the decisions of one account. Allocates nothing where there is no shield. */
export class DecisionStep {
  readonly account: Account;
  readonly shield: Shield | null;
  /** Where the stop and the target within a bar come from; null without a shield. */
  readonly levels: Shield['levels'] | null;
  readonly values: Float32Array;
  readonly mask: Uint8Array;
  /** The account's columns, and the shield's for an agent that was trained to see what it allows. */
  readonly columns: Float32Array;
  readonly observation: Observation;
  /** As a simulation knows it; the bot sets it before each decision. */
  runtime: RuntimeFacts;
  limits: Limits;

  /** What the last decision came to: the action that stood, what the shield said, and why nothing was sent. */
  final: Action = HOLD;
  flatten = false;
  shielded: ShieldDecision | null = null;
  guard: string | null = null;

  readonly #simulated: RuntimeFacts;
  readonly #layout: Layout;
  readonly #window: number;
  readonly #unitsOnly: boolean;
  readonly #bar: () => DecisionBar;
  readonly #masks: boolean;
  readonly #bits: Float32Array | null;

  constructor(options: DecisionStepOptions) {
    const { account, shield, layout } = options;
    const { window, width, marketWidth } = layout;
    const extras = width - marketWidth;
    const seesShield = extras > ACCOUNT_COLUMNS.length;
    this.account = account;
    this.shield = shield;
    this.levels = shield === null ? null : (position) => shield.levels(position);
    this.values = options.values ?? new Float32Array(window * width);
    this.mask = options.mask ?? new Uint8Array(ACTION_COUNT);
    this.columns = options.columns ?? new Float32Array(extras);
    this.observation = { values: this.values, mask: this.mask };
    this.#simulated = simulateRuntime(account);
    this.runtime = this.#simulated;
    this.#layout = layout;
    this.#window = window;
    this.#unitsOnly = this.columns.length < ACCOUNT_COLUMNS.length;
    this.#bar = options.bar;
    this.#masks = shield?.maskObservation !== undefined && (options.masks ?? seesShield);
    this.#bits = seesShield ? this.columns : null;
    this.#bits?.set(UNSHIELDED_BITS, ACCOUNT_COLUMNS.length);
    this.limits = options.limits ?? UNLIMITED;
  }

  /** A new account, which nothing happened to: nothing of the last one's shield is kept. */
  reset(): void {
    this.shield?.reset({ person: true });
    this.shielded = null;
  }

  /**
   * Before the agent: the account's columns, the mask, and what the shield says beforehand. The account is marked at
   * the bar's close; `values` hold the market's window.
   */
  observe(): void {
    this.#observeAccount();
    if (this.#masks) this.shield?.maskObservation?.(this.#describe(), this.mask, this.#bits, ACCOUNT_COLUMNS.length);
    spreadColumns(this.columns, this.values, this.#layout);
  }

  /** After the agent: shield, size, guard. @returns the signed base quantity to order, 0 for none */
  settle(asked: AgentDecision): number {
    this.final = asked.action;
    // Where nothing stands between the agent and its account: a training without a shield makes millions of these.
    if (this.shield === null && this.runtime === this.#simulated) return this.account.request(this.final);
    return this.#settleGuarded(asked);
  }

  /**
   * The whole step, for whoever decides one account at a time.
   * @param ask null where the window isn't whole: then nobody is asked, and only the shield speaks
   */
  decide(ask: ((obs: Observation) => AgentDecision) | null): { readonly asked: AgentDecision; readonly order: number } {
    if (ask !== null) {
      this.observe();
      const asked = ask(this.observation);
      return { asked, order: this.settle(asked) };
    }
    this.values.fill(0);
    this.#observeAccount();
    this.#bits?.set(UNSHIELDED_BITS, ACCOUNT_COLUMNS.length);
    return { asked: PLAIN[HOLD], order: this.settle(PLAIN[HOLD]) };
  }

  /** Halted and flat: nothing but HOLD can follow. */
  get isOver(): boolean {
    return this.shielded?.state === 'HALTED' && this.account.units === 0;
  }

  #observeAccount(): void {
    const { account, columns } = this;
    if (columns.length > 0) writeAccountColumns(account, account.mark, this.#window, columns, 0, this.#unitsOnly);
    account.allowedActions(this.mask);
  }

  #settleGuarded(asked: AgentDecision): number {
    const { account, shield, runtime } = this;
    this.flatten = runtime.halted !== null;
    if (shield !== null) {
      this.shielded = shield.decide(asked, this.#describe());
      this.final = this.shielded.final;
      this.flatten ||= this.shielded.flatten;
    }
    const wanted = this.flatten ? account.closingOrder : account.request(this.final);
    this.guard = guardOrder(wanted, account, runtime, this.limits);
    return this.guard === null ? wanted : 0;
  }

  #describe(): DecisionFacts {
    return describeDecision(this.account, this.#bar(), this.runtime, this.values, this.#window);
  }
}
