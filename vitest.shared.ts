import { defineConfig } from 'vitest/config';

const long = process.env.HALFTONE_LONG === '1';

/** One configuration for every package, so that a file's name alone says which run it belongs to. */
export default defineConfig({
  test: {
    include: long ? ['test/**/*.long.test.ts'] : ['test/**/*.test.{ts,mjs}'],
    exclude: long ? ['**/node_modules/**'] : ['**/node_modules/**', '**/*.long.test.ts'],
    passWithNoTests: true,
    testTimeout: long ? 600_000 : 60_000,
    hookTimeout: 60_000,
  },
});
