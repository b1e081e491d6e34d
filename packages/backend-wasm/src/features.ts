// What the engine that runs this can do: modules of a few bytes tell.
import { nodeVersion } from './host.ts';
import type { Build } from './kernels.ts';

/** (func (result i32) i32.const 0, i32x4.splat, i32x4.extract_lane 0) */
const vectors = [
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f, 0x03, 0x02, 0x01,
  0x00, 0x0a, 0x0b, 0x01, 0x09, 0x00, 0x41, 0x00, 0xfd, 0x11, 0xfd, 0x1b, 0x00, 0x0b,
];

/** dot(a, b, sum): the relaxed dot product of vectors whose bytes are all a and all b, and its first lane. */
const relaxedDot = [
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x01, 0x60, 0x03, 0x7f, 0x7f, 0x7f, 0x01, 0x7f,
  0x03, 0x02, 0x01, 0x00, 0x07, 0x07, 0x01, 0x03, 0x64, 0x6f, 0x74, 0x00, 0x00, 0x0a, 0x16, 0x01, 0x14, 0x00,
  0x20, 0x00, 0xfd, 0x0f, 0x20, 0x01, 0xfd, 0x0f, 0x20, 0x02, 0xfd, 0x11, 0xfd, 0x93, 0x02, 0xfd, 0x1b, 0x00,
  0x0b,
];

/** Products of bytes that a machine may saturate, read with another sign, or forget to add to. */
const answers = [
  [-128, 255, 7, -130553],
  [127, 255, -1, 129539],
  [1, 2, 1000, 1008],
  [-1, 128, 0, -512],
] as const;

let compiles: boolean | undefined;

/** Whether bytes may become modules here: a policy of a page may forbid it, and edge workers do. */
export function mayCompile(): boolean {
  if (compiles === undefined) {
    try {
      compiles = new WebAssembly.Module(Uint8Array.from(vectors)) instanceof WebAssembly.Module;
    } catch {
      compiles = false;
    }
  }
  return compiles;
}

/** Why a build does not run here, or undefined where it does. */
export function missing(build: Build): string | undefined {
  if (typeof WebAssembly !== 'object') return 'there is no WebAssembly here';
  if (!WebAssembly.validate(Uint8Array.from(vectors)))
    return 'WebAssembly has no SIMD here; a newer engine has';
  return build === 'relaxed' ? relaxedIsMissing() : undefined;
}

let relaxedAnswer: { readonly reason: string | undefined } | undefined;

/** Whether a relaxed dot product is exact is the engine's and the CPU's choice: it is asked once. */
function relaxedIsMissing(): string | undefined {
  relaxedAnswer ??= { reason: askRelaxed() };
  return relaxedAnswer.reason;
}

function askRelaxed(): string | undefined {
  // Its baseline compiler computes another sum, until code is hot.
  if (nodeVersion()?.startsWith('20.')) return 'the relaxed dot product of Node 20 is wrong';
  const bytes = Uint8Array.from(relaxedDot);
  if (!WebAssembly.validate(bytes)) return 'WebAssembly has no relaxed SIMD here';
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    const dot = exports['dot'] as (a: number, b: number, sum: number) => number;
    if (answers.every(([a, b, sum, result]) => dot(a, b, sum) === result)) return undefined;
    return 'the relaxed dot product of this machine is not exact';
  } catch {
    return 'modules may not be compiled here';
  }
}
