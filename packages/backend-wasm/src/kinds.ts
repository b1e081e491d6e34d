// Numbers of the kernels that a call may name, for both sides: this file is compiled by tsc and by asc.
export const QUANTIZE = 0;
export const DEQUANTIZE = 1;
export const REQUANTIZE = 2;
export const PACK = 3;
export const GEMM = 4;
export const CONV = 5;
export const PACK_CHANNELS = 6;
export const DEPTHWISE = 7;
export const IM2COL = 8;
export const MAX_POOL = 9;
export const AVERAGE_POOL = 10;
export const LOOKUP = 11;
export const ADD = 12;
export const MULTIPLY = 13;
export const TRANSPOSE = 14;
export const DYNAMIC_QUANTIZE = 15;
export const DOTS = 16;
