import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build-native.ts'],
    // Guards against what hangs, far from what a test needs on a loaded machine; what takes seconds has its own (SLOW).
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // Far from UTC and from whole hours, so that a local time anywhere shows.
    env: { TZ: process.env.TZ ?? 'Asia/Kathmandu' },
    pool: 'forks',
    maxWorkers: 2,
  },
});
