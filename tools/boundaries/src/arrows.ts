/**
 * Who may depend on whom.
 * Keys and targets are folder names below `packages/`; `backend-*` stands for every backend without a row of its own.
 */
interface Arrows {
  /** Allowed in `src` and `dependencies`. */
  readonly use: readonly string[];
  /** Allowed besides these in `test` and `devDependencies`. */
  readonly dev?: readonly string[];
}

const arrows: Readonly<Record<string, Arrows>> = {
  core: { use: [] },
  graph: { use: ['core'] },
  onnx: { use: ['core', 'graph'] },
  quantize: { use: ['core', 'graph'] },
  'backend-reference': { use: ['core'] },
  // The conformance run of the reference stands in the conformance package: the other way round would be a cycle.
  'backend-*': { use: ['core'], dev: ['conformance'] },
  conformance: { use: ['core', 'backend-reference'] },
  // The reference says what is right; peers get their work as ONNX models.
  bench: { use: ['core', 'graph', 'conformance', 'backend-reference', 'onnx'] },
  // What it writes depends on core and conformance; it does not.
  'create-backend': { use: [], dev: ['core', 'conformance'] },
  // Other backends are found by name at run time, so that a user installs only those wanted.
  halftone: { use: ['core', 'graph', 'onnx', 'quantize', 'conformance', 'bench', 'backend-reference'] },
};

/** Packages whose `src` must load in a page as it is: no Node modules, no globals of one host alone. */
export const portable: readonly string[] = [
  'core',
  'graph',
  'onnx',
  'quantize',
  'backend-reference',
  'backend-wasm',
  'backend-gpujs',
  'conformance',
  'bench',
];

const nodeGlobals = 'Buffer __dirname __filename clearImmediate global process require setImmediate';
const pageGlobals =
  'HTMLCanvasElement HTMLElement HTMLImageElement Image ImageBitmap ImageData OffscreenCanvas Worker XMLHttpRequest ' +
  'alert cancelAnimationFrame createImageBitmap document importScripts indexedDB localStorage location navigator ' +
  'requestAnimationFrame self sessionStorage window';

/** Globals that only Node has, and globals that only a page or a worker has. */
export const hostGlobals: ReadonlySet<string> = new Set(`${nodeGlobals} ${pageGlobals}`.split(' '));

/** The arrows of a package folder, or undefined where it has none yet. */
export function arrowsOf(folder: string): Arrows | undefined {
  return arrows[folder] ?? (folder.startsWith('backend-') ? arrows['backend-*'] : undefined);
}
