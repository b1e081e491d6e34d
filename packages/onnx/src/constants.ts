import { type FormatName, formats, isFormat } from '@halftone/core';
import { type Constant, elementsOf } from '@halftone/graph';
import { formatOfType } from './element-types.ts';
import type { TensorProto } from './messages.ts';
import { rawOf, StoredConstant } from './tensor-proto.ts';
import { LazyBytes } from './wire/encode.ts';

/** Decides how a constant is written; `proto` is what would stand in the model. */
export type ConstantWriter = (constant: Constant, proto: TensorProto) => TensorProto;

/** The TensorProto to write for a constant: the one it was read from where that has this name, else a new one. */
export function protoOfConstant(constant: Constant, name: string): TensorProto {
  if (!(constant instanceof StoredConstant)) {
    const proto = {
      dims: constant.shape,
      dataType: formatOfType(constant.elementType).code,
      rawData: rawOfConstant(constant),
    };
    return name === '' ? proto : { ...proto, name };
  }
  return (constant.proto.name ?? '') === name ? constant.proto : { ...constant.proto, name };
}

/** The elements of a constant as raw data, not kept; encoded where core has a codec for their type. */
export function rawOfConstant(constant: Constant): Uint8Array {
  const stored = constant instanceof StoredConstant ? constant.raw() : undefined;
  if (stored) return stored;
  const { elementType } = constant;
  const decoded = isFormat(elementType) ? elementsOf(constant) : undefined;
  return decoded ? formats[elementType as FormatName].encode(decoded.data) : rawOf(constant.tensor());
}

/** Brings elements that stand in another file, where it can be read, into the model: when that is written, one tensor at a time. */
export const inline: ConstantWriter = (constant, proto) => {
  if (!(constant instanceof StoredConstant) || !constant.fetchable) return proto;
  const { externalData: _place, dataLocation: _location, ...rest } = proto;
  const fetched = new LazyBytes(constant.byteLength, () => constant.raw() ?? new Uint8Array());
  // only the encoder sees these messages, and it takes both
  return { ...rest, rawData: fetched as unknown as Uint8Array };
};
