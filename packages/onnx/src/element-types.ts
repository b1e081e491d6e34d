import type { ElementType } from '@halftone/graph';
import type { TensorProto } from './messages.ts';

/** The field of a TensorProto that holds elements of a type one by one. */
type DataField = 'floatData' | 'int32Data' | 'int64Data' | 'doubleData' | 'uint64Data' | 'stringData';

/** How ONNX numbers and stores an element type. */
export interface ElementFormat {
  readonly type: ElementType;
  /** TensorProto.DataType. */
  readonly code: number;
  /** Bits an element takes in raw data; 0 for strings, which are never raw. */
  readonly bits: number;
  readonly field: DataField & keyof TensorProto;
  /** Elements that share one entry of `field`, or the inverse: a complex number takes two. */
  readonly perEntry: number;
}

const rows: readonly [ElementType, number, number, DataField, number?][] = [
  ['float32', 1, 32, 'floatData'],
  ['uint8', 2, 8, 'int32Data'],
  ['int8', 3, 8, 'int32Data'],
  ['uint16', 4, 16, 'int32Data'],
  ['int16', 5, 16, 'int32Data'],
  ['int32', 6, 32, 'int32Data'],
  ['int64', 7, 64, 'int64Data'],
  ['string', 8, 0, 'stringData'],
  ['bool', 9, 8, 'int32Data'],
  ['float16', 10, 16, 'int32Data'],
  ['float64', 11, 64, 'doubleData'],
  ['uint32', 12, 32, 'uint64Data'],
  ['uint64', 13, 64, 'uint64Data'],
  ['complex64', 14, 64, 'floatData', 0.5],
  ['complex128', 15, 128, 'doubleData', 0.5],
  ['bfloat16', 16, 16, 'int32Data'],
  ['float8e4m3fn', 17, 8, 'int32Data'],
  ['float8e4m3fnuz', 18, 8, 'int32Data'],
  ['float8e5m2', 19, 8, 'int32Data'],
  ['float8e5m2fnuz', 20, 8, 'int32Data'],
  ['uint4', 21, 4, 'int32Data', 2],
  ['int4', 22, 4, 'int32Data', 2],
  ['float4e2m1', 23, 4, 'int32Data', 2],
  ['float8e8m0', 24, 8, 'int32Data'],
  ['uint2', 25, 2, 'int32Data', 4],
  ['int2', 26, 2, 'int32Data', 4],
];

const formats: readonly ElementFormat[] = rows.map(([type, code, bits, field, perEntry = 1]) => ({
  type,
  code,
  bits,
  field,
  perEntry,
}));
const byCode = new Map(formats.map((format) => [format.code, format]));
const byType = new Map(formats.map((format) => [format.type, format]));

/** The format of a TensorProto.DataType; undefined for one that this version does not know. */
export function formatOfCode(code: number | undefined): ElementFormat | undefined {
  return code === undefined ? undefined : byCode.get(code);
}

/** The format of an element type. */
export function formatOfType(type: ElementType): ElementFormat {
  return byType.get(type) as ElementFormat;
}
