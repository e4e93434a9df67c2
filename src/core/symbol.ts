import { InputError } from './errors.ts';

/**
 * The names that a file, a venue, a journal or a checkpoint gives to markets, currencies and venues: letters and digits
 * of any script and the few marks that venues put between them (`BTC/USDT:USDT-240628`, `^GSPC`, `BRK.B`). Nothing that
 * commands a terminal, a shell or a page, and no word that every JavaScript object knows.
 */
const NAME = /^[\^$]?[\p{L}\p{N}][\p{L}\p{M}\p{N}/.:_=+@-]{0,63}$/u;

export function isMarketName(name: unknown): name is string {
  return typeof name === 'string' && NAME.test(name) && !(name in {});
}

/** @throws InputError that begins with `where` */
export function requireMarketName(name: string, where: string): string {
  const isName: boolean = isMarketName(name);
  if (isName) return name;
  const shown = JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}...` : name);
  throw new InputError(
    `${where}: ${shown} is no name of a market; such a name is BTC/USDT or BTCUSDT, 64 characters at most`,
  );
}
