import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkWorkspace } from '../src/check.ts';

/** The smallest workspace that breaks no rule; tests change one file of it. */
const clean: Readonly<Record<string, string>> = {
  'packages/core/package.json': manifest('@halftone/core'),
  'packages/core/src/index.ts': 'export const one = 1;\n',
  'packages/graph/package.json': manifest('@halftone/graph', {
    dependencies: { '@halftone/core': 'workspace:^' },
  }),
  'packages/graph/src/index.ts': "export { one } from '@halftone/core';\n",
  'packages/graph/test/index.test.ts': "import { one } from '../src/index.ts';\nvoid one;\n",
  'packages/backend-x/package.json': manifest('@halftone/backend-x', {
    dependencies: { '@halftone/core': 'workspace:^' },
    devDependencies: { '@halftone/conformance': 'workspace:^' },
  }),
  'packages/backend-x/test/conformance.test.ts': "import '@halftone/conformance';\n",
  'packages/conformance/package.json': manifest('@halftone/conformance', {
    dependencies: { '@halftone/core': 'workspace:^' },
  }),
  'packages/onnx/package.json': manifest('@halftone/onnx', {
    dependencies: { '@halftone/core': 'workspace:^' },
    imports: { '#files': { node: './dist/files-node.js', default: './dist/files-none.js' } },
  }),
  'packages/onnx/src/index.ts': "export { open } from '#files';\n",
  'packages/onnx/src/files-node.ts': "import 'node:fs';\nexport const open = process.cwd;\n",
  'packages/onnx/src/files-none.ts': 'export const open = undefined;\n',
};

/** A manifest as the packages of this repository have it. */
export function manifest(name: string, more: object = {}): string {
  return JSON.stringify({
    name,
    exports: { '.': './dist/index.js', './package.json': './package.json' },
    ...more,
  });
}

/** Checks the clean workspace with some files changed or added, and returns `rule place` of each violation. */
export function violationsWith(changes: Readonly<Record<string, string>> = {}): string[] {
  const root = mkdtempSync(join(tmpdir(), 'boundaries-'));
  try {
    for (const [path, text] of Object.entries({ ...clean, ...changes })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return checkWorkspace(root).violations.map(({ rule, place }) => `${rule} ${place}`);
  } finally {
    rmSync(root, { recursive: true });
  }
}
