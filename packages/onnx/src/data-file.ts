import type { Constant } from '@halftone/graph';
import { type ConstantWriter, inline, rawOfConstant } from './constants.ts';
import { StoredConstant } from './tensor-proto.ts';

/** Offsets in a file of weights are multiples of this, so that it can be mapped into memory. */
const alignment = 4096;
/** Smaller tensors stay in the model. */
const externalFrom = 1024;

/** A file of weights: what is written where is settled first, the elements are fetched one tensor at a time. */
export class DataFile {
  readonly name: string;
  readonly #constants = new Map<Constant, number>();
  #end = 0;

  constructor(name: string) {
    this.name = name;
  }

  get isEmpty(): boolean {
    return this.#constants.size === 0;
  }

  readonly writer: ConstantWriter = (constant, proto) => {
    if (constant.byteLength < externalFrom || !canBeRaw(constant)) return inline(constant, proto);
    const known = this.#constants.get(constant);
    const offset = known ?? Math.ceil(this.#end / alignment) * alignment;
    if (known === undefined) {
      this.#constants.set(constant, offset);
      this.#end = offset + constant.byteLength;
    }
    const {
      rawData: _raw,
      floatData: _floats,
      int32Data: _int32,
      int64Data: _int64,
      doubleData: _doubles,
      uint64Data: _uint64,
      ...rest
    } = proto;
    const place = { location: this.name, offset: String(offset), length: String(constant.byteLength) };
    return {
      ...rest,
      dataLocation: 1,
      externalData: Object.entries(place).map(([key, value]) => ({ key, value })),
    };
  };

  *pieces(): Generator<Uint8Array> {
    let at = 0;
    for (const [constant, offset] of this.#constants) {
      if (offset > at) yield new Uint8Array(offset - at);
      const bytes = rawOfConstant(constant);
      yield bytes;
      at = offset + bytes.length;
    }
  }
}

function canBeRaw(constant: Constant): boolean {
  return !(constant instanceof StoredConstant) || constant.rawable;
}
