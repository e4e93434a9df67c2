import { z } from 'zod';
import { isDecimal } from '../exchange/decimal.ts';

/** An amount or a price as the venue gave it. */
export const decimalSchema = z.string().refine(isDecimal, 'not a decimal number');
