// Options, and where the class `GPU` of gpu.js is found.
import { HalftoneError } from '@halftone/core';
import { reasonOf, unavailable } from './context.ts';
import type { GpuConstructor } from './gpu.ts';

export interface GpujsOptions {
  /** The class `GPU` of gpu.js; default the global one that its script leaves in a page, else that of the package `gpu.js`. */
  readonly GPU?: unknown;
  /** What the package gl exports, for Node, which has no canvas; default that of the package `gl`. */
  readonly gl?: unknown;
  /** Whether WebGL may be drawn by the CPU, which is slower than the other backends; default false. */
  readonly allowSoftware?: boolean;
}

/** Throws HT_INVALID_ARGUMENT for what no host would take. */
export function checkOptions({ GPU, gl, allowSoftware }: GpujsOptions): void {
  requireOption('GPU', GPU === undefined || isConstructor(GPU), 'the class GPU of gpu.js');
  requireOption(
    'gl',
    gl === undefined || typeof gl === 'function',
    'the function that the package gl exports',
  );
  requireOption(
    'allowSoftware',
    allowSoftware === undefined || typeof allowSoftware === 'boolean',
    'true or false',
  );
}

function requireOption(option: string, right: boolean, wanted: string): void {
  if (!right)
    throw new HalftoneError('HT_INVALID_ARGUMENT', `gpujs: option ${option} is ${wanted}`, { option });
}

interface Module {
  readonly GPU?: unknown;
}

/** The class `GPU`. Throws HT_UNAVAILABLE. */
export async function constructorOf({ GPU }: GpujsOptions): Promise<GpuConstructor> {
  const script = (globalThis as Module).GPU;
  const given = GPU ?? (script as Module | undefined)?.GPU ?? script;
  if (isConstructor(given)) return given;
  let reason = 'it has no class GPU';
  try {
    const module = (await import('gpu.js')) as unknown as Module & { readonly default?: Module };
    const loaded = module.GPU ?? module.default?.GPU;
    if (isConstructor(loaded)) return loaded;
  } catch (error) {
    reason = reasonOf(error);
  }
  throw unavailable(`gpu.js does not load (${reason}); npm install gpu.js, or give its class as option GPU`);
}

/** Browsers have a global `GPU` of their own, of WebGPU. */
function isConstructor(value: unknown): value is GpuConstructor {
  if (typeof value !== 'function') return false;
  const prototype = value.prototype as object | undefined;
  return prototype !== undefined && 'createKernel' in prototype;
}
