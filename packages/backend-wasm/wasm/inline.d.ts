/** Modules in base64, by their names; made by scripts/build.mjs. */
export declare const modules: Readonly<
  Partial<Record<'simd' | 'relaxed' | 'simd-threads' | 'relaxed-threads', string>>
>;
