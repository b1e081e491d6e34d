import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** All projects in one process: `npm test` starts here; a package's own `test` script uses its own file. */
export default defineConfig({
  test: {
    projects: ['apps/*', 'packages/*', 'tests/*', 'tools/*', 'scripts'],
    // By default one core is left to whoever watches; nobody does.
    maxWorkers: availableParallelism(),
    passWithNoTests: true,
  },
});
