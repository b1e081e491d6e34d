// Options, and where the class `GPU` of gpu.js is found.
import { HalftoneError } from '@halftone/core';
import { unavailable } from './context.ts';
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
  requireOption('GPU', GPU, 'function', 'the class GPU of gpu.js');
  requireOption('gl', gl, 'function', 'the function that the package gl exports');
  requireOption('allowSoftware', allowSoftware, 'boolean', 'true or false');
}

function requireOption(option: string, value: unknown, type: 'function' | 'boolean', wanted: string): void {
  if (value !== undefined && typeof value !== type)
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
  try {
    const module = (await import('gpu.js')) as unknown as Module & { readonly default?: Module };
    const loaded = module.GPU ?? module.default?.GPU;
    if (isConstructor(loaded)) return loaded;
  } catch {
    // Said below.
  }
  throw unavailable('there is no gpu.js here; npm install gpu.js, or give its class as option GPU');
}

/** Browsers have a global `GPU` of their own, of WebGPU. */
function isConstructor(value: unknown): value is GpuConstructor {
  return typeof value === 'function' && 'createKernel' in (value.prototype as object);
}
