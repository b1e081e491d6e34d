import { describe, expect, it } from 'vitest';
import { manifest, violationsWith } from './fixture.ts';

const usesCore = { dependencies: { '@halftone/core': 'workspace:^' } };

it('accepts the clean workspace', () => {
  expect(violationsWith()).toEqual([]);
});

describe('arrow', () => {
  it('refuses an import against the arrows', () => {
    expect(violationsWith({ 'packages/core/src/a.ts': "import '@halftone/graph';\n" })).toEqual([
      'arrow packages/core/src/a.ts:1',
    ]);
  });
  it('sees dynamic imports, re-exports and imports in types', () => {
    const text = [
      "export const a = import('@halftone/graph');",
      "export * from '@halftone/graph';",
      "export type B = import('@halftone/graph').B;",
    ].join('\n');
    expect(violationsWith({ 'packages/core/src/a.ts': text })).toEqual([
      'arrow packages/core/src/a.ts:1',
      'arrow packages/core/src/a.ts:2',
      'arrow packages/core/src/a.ts:3',
    ]);
  });
  it('refuses a dependency against the arrows', () => {
    const dependencies = { dependencies: { '@halftone/conformance': 'workspace:^' } };
    expect(
      violationsWith({ 'packages/graph/package.json': manifest('@halftone/graph', dependencies) }),
    ).toContain('arrow packages/graph/package.json');
  });
  it('refuses a development dependency against the arrows, and its use in a test', () => {
    const dev = { ...usesCore, devDependencies: { '@halftone/conformance': 'workspace:^' } };
    expect(
      violationsWith({
        'packages/graph/package.json': manifest('@halftone/graph', dev),
        'packages/graph/test/a.test.ts': "import '@halftone/conformance';\n",
      }),
    ).toEqual(['arrow packages/graph/package.json', 'arrow packages/graph/test/a.test.ts:1']);
  });
  it('refuses in src what is allowed in tests alone', () => {
    expect(
      violationsWith({ 'packages/backend-x/src/index.ts': "import '@halftone/conformance';\n" }),
    ).toEqual(['arrow packages/backend-x/src/index.ts:1']);
  });
  it('refuses a package that the table does not know', () => {
    expect(violationsWith({ 'packages/new/package.json': manifest('@halftone/new') })).toEqual([
      'arrow packages/new/package.json',
    ]);
  });
  it('lets tests use tools', () => {
    const uses = { ...usesCore, devDependencies: { '@halftone/t': 'workspace:^' } };
    expect(
      violationsWith({
        'tools/t/package.json': manifest('@halftone/t'),
        'packages/graph/package.json': manifest('@halftone/graph', uses),
        'packages/graph/test/a.test.ts': "import '@halftone/t';\n",
      }),
    ).toEqual([]);
  });
  it('lets tests and tools use every package, and no package be made of them', () => {
    const tool = { 'tools/t/package.json': manifest('@halftone/t', usesCore) };
    expect(violationsWith({ ...tool, 'tools/t/src/main.ts': "import '@halftone/core';\n" })).toEqual([]);
    expect(violationsWith({ ...tool, 'packages/core/src/a.ts': "import '@halftone/t';\n" })).toEqual([
      'arrow packages/core/src/a.ts:1',
    ]);
  });
});

describe('entry', () => {
  it('refuses an import past the public entry', () => {
    expect(violationsWith({ 'packages/graph/src/a.ts': "import '@halftone/core/dist/index.js';\n" })).toEqual(
      ['entry packages/graph/src/a.ts:1'],
    );
  });
  it('accepts an exported subpath', () => {
    expect(violationsWith({ 'packages/graph/src/a.ts': "import '@halftone/core/package.json';\n" })).toEqual(
      [],
    );
  });
});

describe('escape', () => {
  it('lets src import what a build puts into wasm/', () => {
    const text = "import { stamp } from '../wasm/stamp.js';\nvoid stamp;\n";
    expect(violationsWith({ 'packages/backend-x/src/index.ts': text })).toEqual([]);
    expect(violationsWith({ 'packages/backend-x/src/index.ts': text.replace('wasm', 'test') })).toEqual([
      'escape packages/backend-x/src/index.ts:1',
    ]);
  });
  it('refuses a relative import into another package, from src and from tests', () => {
    const text = "import '../../core/src/index.ts';\n";
    expect(
      violationsWith({ 'packages/graph/src/a.ts': text, 'packages/graph/test/a.test.ts': text }),
    ).toEqual(['escape packages/graph/src/a.ts:1', 'escape packages/graph/test/a.test.ts:1']);
  });
  it('refuses src that imports tests', () => {
    expect(violationsWith({ 'packages/graph/src/a.ts': "import '../test/index.test.ts';\n" })).toEqual([
      'escape packages/graph/src/a.ts:1',
    ]);
  });
  it('accepts relative imports inside the package', () => {
    expect(violationsWith({ 'packages/graph/src/a/b.ts': "import '../index.ts';\n" })).toEqual([]);
  });
});

describe('undeclared', () => {
  it('refuses a package that the manifest does not name', () => {
    expect(violationsWith({ 'packages/graph/src/a.ts': "import 'left-pad';\n" })).toEqual([
      'undeclared packages/graph/src/a.ts:1',
    ]);
  });
  it('refuses in src what is a development dependency', () => {
    const changes = {
      'packages/graph/package.json': manifest('@halftone/graph', {
        ...usesCore,
        devDependencies: { 'fast-check': '4' },
      }),
      'packages/graph/test/a.test.ts': "import 'fast-check';\n",
    };
    expect(violationsWith(changes)).toEqual([]);
    expect(violationsWith({ ...changes, 'packages/graph/src/a.ts': "import 'fast-check';\n" })).toEqual([
      'undeclared packages/graph/src/a.ts:1',
    ]);
  });
  it('accepts development dependencies in the source of a tool', () => {
    const tool = manifest('@halftone/t', { devDependencies: { vite: '8' } });
    expect(
      violationsWith({ 'tools/t/package.json': tool, 'tools/t/src/main.ts': "import 'vite';\n" }),
    ).toEqual([]);
  });
  it('accepts optional peers, by subpath too', () => {
    const peer = { ...usesCore, peerDependencies: { '@scope/peer': '*' } };
    expect(
      violationsWith({
        'packages/graph/package.json': manifest('@halftone/graph', peer),
        'packages/graph/src/a.ts': "export const a = import('@scope/peer/sub');\n",
      }),
    ).toEqual([]);
  });
  it('refuses a private import that the manifest does not define', () => {
    expect(violationsWith({ 'packages/onnx/src/a.ts': "import '#other';\n" })).toEqual([
      'undeclared packages/onnx/src/a.ts:1',
    ]);
  });
});

describe('host', () => {
  it('refuses Node modules in portable source, with and without the scheme', () => {
    expect(violationsWith({ 'packages/core/src/a.ts': "import 'node:fs';\nimport 'path';\n" })).toEqual([
      'host packages/core/src/a.ts:1',
      'host packages/core/src/a.ts:2',
    ]);
  });
  it('refuses globals of one kind of host', () => {
    const text =
      'declare const Buffer: unknown;\nvoid Buffer;\nvoid process.env;\nvoid globalThis.document;\nvoid { window };\n';
    expect(violationsWith({ 'packages/core/src/a.ts': text })).toEqual([
      'host packages/core/src/a.ts:2',
      'host packages/core/src/a.ts:3',
      'host packages/core/src/a.ts:4',
      'host packages/core/src/a.ts:5',
    ]);
  });
  it('refuses addresses in packages, and accepts them in the pages of a tool', () => {
    const text = "import '/lib.js';\n";
    expect(violationsWith({ 'packages/core/src/a.ts': text })).toEqual(['host packages/core/src/a.ts:1']);
    expect(
      violationsWith({ 'tools/t/package.json': manifest('@halftone/t'), 'tools/t/src/page.mjs': text }),
    ).toEqual([]);
  });
  it('accepts such names as members, types, parameters and locals', () => {
    const text = [
      'export interface Options { window: number; process: unknown }',
      'export function f(self: Options, { document = 1 }: { document?: number }) {',
      '  const window = self.window + document;',
      '  return { window, process: self.process };',
      '}',
      'export class C { location = 1; navigator() { return this.location; } }',
    ].join('\n');
    expect(violationsWith({ 'packages/core/src/a.ts': text })).toEqual([]);
  });
  it('accepts Node modules in tests and in packages that only Node runs', () => {
    expect(
      violationsWith({
        'packages/graph/test/a.test.ts': "import 'node:fs';\nvoid process.env;\n",
        'packages/backend-x/src/index.ts': "import 'node:fs';\n",
      }),
    ).toEqual([]);
  });
});

describe('node-only', () => {
  it('knows a folder src/node: free to use the host, and reached from node files alone', () => {
    const inner = { 'packages/onnx/src/node/folder.ts': "import 'node:fs';\nexport const a = 1;\n" };
    expect(
      violationsWith({
        ...inner,
        'packages/onnx/src/files-node.ts': "export { a } from './node/folder.ts';\n",
      }),
    ).toEqual([]);
    expect(
      violationsWith({ ...inner, 'packages/onnx/src/index.ts': "export { a } from './node/folder.ts';\n" }),
    ).toEqual(['node-only packages/onnx/src/index.ts:1']);
  });

  it('refuses a direct import of a file of the node condition', () => {
    expect(
      violationsWith({ 'packages/onnx/src/index.ts': "export { open } from './files-node.ts';\n" }),
    ).toEqual(['node-only packages/onnx/src/index.ts:1']);
  });
  it('refuses Node modules in the file for other hosts', () => {
    expect(violationsWith({ 'packages/onnx/src/files-none.ts': "import 'node:fs';\n" })).toEqual([
      'host packages/onnx/src/files-none.ts:1',
    ]);
  });
});

describe('cycle', () => {
  it('refuses a cycle, through development dependencies too', () => {
    const back = { ...usesCore, devDependencies: { '@halftone/backend-x': 'workspace:^' } };
    expect(
      violationsWith({ 'packages/conformance/package.json': manifest('@halftone/conformance', back) }),
    ).toContainEqual(expect.stringMatching(/^cycle /));
  });
  it('accepts two ways to one package', () => {
    const both = { dependencies: { '@halftone/core': 'workspace:^', '@halftone/graph': 'workspace:^' } };
    expect(
      violationsWith({ 'packages/quantize/package.json': manifest('@halftone/quantize', both) }),
    ).toEqual([]);
  });
});
