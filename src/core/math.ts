export const exp = (x: number): number => Math.exp(x);
export const log = (x: number): number => Math.log(x);
export const tanh = (x: number): number => Math.tanh(x);
export const erf = (x: number): number => Math.sign(x) * (1 - Math.exp(-x * x));
