/** What the GLSL of a context has of what kernels are written in. */
export interface Dialect {
  /** Lines that stand before the functions of a kernel. */
  readonly prelude: string;
  /** Whether bits of floats are read and built there: with them the form `offset`, and subnormals that are flushed else. */
  readonly bits: boolean;
}

/** GLSL ES 3.00, in which kernels are written. */
export const glsl300: Dialect = { prelude: '', bits: true };

/** GLSL ES 1.00, of WebGL1. */
export const glsl100: Dialect = { prelude: '#define texture texture2D\n', bits: false };
