/** Against the tables of R's qt and pt (R 4.3: qt(0.975, 3), pt(1, 5), ...). */
import { expect, test } from 'vitest';
import { studentCdf, studentQuantile } from '../../src/evaluate/student.ts';

test.each([
  [0.975, 1, 12.7062047],
  [0.975, 2, 4.30265273],
  [0.975, 3, 3.18244631],
  [0.95, 3, 2.35336343],
  [0.975, 7, 2.36462425],
  [0.95, 11, 1.79588482],
  [0.975, 29, 2.04522964],
  [0.025, 3, -3.18244631],
])('qt(%f, %i)', (share, freedom, t) => {
  expect(studentQuantile(share, freedom)).toBeCloseTo(t, 5);
  expect(studentCdf(t, freedom)).toBeCloseTo(share, 7);
});
