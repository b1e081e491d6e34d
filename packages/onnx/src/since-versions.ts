/**
 * Versions of ONNX's own operators that changed the meaning of a node written before: an attribute that
 * became an input, another default, an output or element type that went away, an operator withdrawn.
 * Versions that only accept more (types, optional inputs, attributes with a neutral default) are left out.
 *
 * Origin: the schemas of Python package onnx 1.23.1 (`onnx.defs.get_all_schemas_with_history()`), versions
 * 8 to 26, compared in pairs; added by hand where the schema does not show it: Split 18, Resize 13,
 * RoiAlign 16 (default), GroupNormalization 21; taken out: Erf 13, which dropped integer elements only.
 */
const changes: Readonly<Record<string, readonly number[]>> = {
  BatchNormalization: [9, 14],
  Clip: [11],
  DFT: [20],
  Dropout: [10, 12],
  GridSample: [20],
  GroupNormalization: [21],
  Hardmax: [13],
  LogSoftmax: [13],
  Pad: [11],
  ReduceL1: [18],
  ReduceL2: [18],
  ReduceLogSum: [18],
  ReduceLogSumExp: [18],
  ReduceMax: [18],
  ReduceMean: [18],
  ReduceMin: [18],
  ReduceProd: [18],
  ReduceSum: [13],
  ReduceSumSquare: [18],
  Resize: [11, 13],
  RoiAlign: [16],
  Scan: [9],
  Scatter: [11],
  Slice: [10],
  Softmax: [13],
  Split: [13, 18],
  Squeeze: [13],
  TopK: [10],
  Unsqueeze: [13],
  Upsample: [9, 10],
};

/** The versions after `from`, up to and with `to`, at which the operator's nodes changed their meaning; ascending. */
export function changesBetween(op: string, from: number, to: number): readonly number[] {
  if (!Object.hasOwn(changes, op)) return [];
  return (changes[op] as readonly number[]).filter((version) => version > from && version <= to);
}

/** IR versions that first allowed an opset, as onnx's own releases paired them. */
const irVersions: readonly (readonly [opset: number, ir: number])[] = [
  [25, 13],
  [24, 12],
  [23, 11],
  [21, 10],
  [19, 9],
  [15, 8],
  [12, 7],
  [11, 6],
  [10, 5],
  [9, 4],
];

/** The least IR version that a model of this opset has. */
export function irVersionFor(opset: number): number {
  return irVersions.find(([from]) => opset >= from)?.[1] ?? 3;
}
