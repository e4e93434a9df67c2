import { expect, it } from 'vitest';
import { rounds, SLOW } from '../effort.ts';
import { runOrderedDay } from './ordered-days.ts';

it(
  'days of troubles on which a person orders this and that, and puts backups back, break no promise',
  SLOW,
  async () => {
    const commands = new Set<string>();
    let restored = 0;
    for (let seed = 1; seed <= rounds(16, 200); seed++) {
      const day = await runOrderedDay(seed);
      expect(day.violations, `seed ${seed}`).toEqual([]);
      restored += day.restored;
      for (const name of Object.keys(day.commands)) commands.add(name);
    }
    expect(restored).toBeGreaterThan(3);
    for (const name of ['close', 'cancel-all', 'adopt', 'abandon', 'tighten'])
      expect(commands).toContain(`${name} done`);
  },
);
