import type { Constant } from '@halftone/graph';
import type { TensorProto } from './messages.ts';
import { protoOfTensor, StoredConstant } from './tensor-proto.ts';
import { LazyBytes } from './wire/encode.ts';

/** Decides how a constant is written; `proto` is what would stand in the model. */
export type ConstantWriter = (constant: Constant, proto: TensorProto) => TensorProto;

/** The TensorProto to write for a constant: the one it was read from where that has this name, else a new one. */
export function protoOfConstant(constant: Constant, name: string): TensorProto {
  if (!(constant instanceof StoredConstant)) return protoOfTensor(constant.tensor(), name);
  return (constant.proto.name ?? '') === name ? constant.proto : { ...constant.proto, name };
}

/** Brings elements that stand in another file, where it can be read, into the model: when that is written, one tensor at a time. */
export const inline: ConstantWriter = (constant, proto) => {
  if (!(constant instanceof StoredConstant) || !constant.fetchable) return proto;
  const { externalData: _place, dataLocation: _location, ...rest } = proto;
  const fetched = new LazyBytes(constant.byteLength, () => constant.raw() ?? new Uint8Array());
  // only the encoder sees these messages, and it takes both
  return { ...rest, rawData: fetched as unknown as Uint8Array };
};
