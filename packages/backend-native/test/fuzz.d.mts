import type { Addon } from '../src/native.ts';

export function fuzzAddon(addon: Addon, calls: number, seed: number): number;
