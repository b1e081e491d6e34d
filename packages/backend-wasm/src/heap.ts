import { dtypes, HalftoneError, sizeOf, type Tensor, type TensorDesc } from '@halftone/core';

/** Bytes by which memory grows. */
export const PAGE = 65536;
/** Vectors are loaded from anywhere; blocks begin where caches like it. */
const ALIGNMENT = 64;

interface Block {
  address: number;
  size: number;
}

/** The memory of an instance, given out in blocks: the first that fits, and neighbours that are free become one. */
export class Heap {
  readonly memory: WebAssembly.Memory;
  /** By address, no two of them neighbours. */
  readonly #free: Block[] = [];
  readonly #taken = new Map<number, number>();
  #words = new Uint32Array(0);
  #end: number;

  /** Blocks begin behind `base`, where the module's own data end. */
  constructor(memory: WebAssembly.Memory, base: number) {
    this.memory = memory;
    this.#end = roundUp(base);
  }

  /** So many bytes, of unspecified contents. Throws HT_OUT_OF_MEMORY where memory does not grow any more. */
  allocate(bytes: number): number {
    const size = roundUp(Math.max(bytes, 1));
    const at = this.#free.findIndex((block) => block.size >= size);
    let address: number;
    if (at >= 0) {
      const block = this.#free[at]!;
      address = block.address;
      block.address += size;
      block.size -= size;
      if (block.size === 0) this.#free.splice(at, 1);
    } else {
      address = this.#extend(size);
    }
    this.#taken.set(address, size);
    return address;
  }

  free(address: number): void {
    const size = this.#taken.get(address)!;
    this.#taken.delete(address);
    let at = this.#free.findIndex((block) => block.address > address);
    if (at < 0) at = this.#free.length;
    const [before, after] = [this.#free[at - 1], this.#free[at]];
    const joinsBefore = before !== undefined && before.address + before.size === address;
    const joinsAfter = after !== undefined && address + size === after.address;
    if (joinsBefore && joinsAfter) {
      before.size += size + after.size;
      this.#free.splice(at, 1);
    } else if (joinsBefore) before.size += size;
    else if (joinsAfter) {
      after.address = address;
      after.size += size;
    } else this.#free.splice(at, 0, { address, size });
  }

  /** All of memory as words, until it grows. */
  get words(): Uint32Array {
    if (this.#words.buffer !== this.memory.buffer) this.#words = new Uint32Array(this.memory.buffer);
    return this.#words;
  }

  write(address: number, src: Tensor): void {
    (this.#view(address, src) as Float32Array).set(src.data as Float32Array);
  }

  /** A copy of what stands at an address. */
  read(address: number, { dtype, shape }: TensorDesc): Tensor {
    return { dtype, shape, data: this.#view(address, { dtype, shape }).slice() } as Tensor;
  }

  #view(address: number, desc: TensorDesc): Tensor['data'] {
    return new dtypes[desc.dtype].Array(this.memory.buffer as ArrayBuffer, address, sizeOf(desc.shape));
  }

  #extend(size: number): number {
    // What is free at the end counts.
    const last = this.#free.at(-1);
    const address = last !== undefined && last.address + last.size === this.#end ? last.address : this.#end;
    const end = address + size;
    const missing = end - this.memory.buffer.byteLength;
    if (missing > 0) this.#grow(Math.ceil(missing / PAGE), size);
    if (address !== this.#end) this.#free.pop();
    this.#end = end;
    return address;
  }

  #grow(pages: number, size: number): void {
    try {
      this.memory.grow(pages);
    } catch (cause) {
      throw new HalftoneError(
        'HT_OUT_OF_MEMORY',
        `no memory for ${size} bytes: the heap has ${this.memory.buffer.byteLength} and does not grow by ${pages * PAGE}`,
        { bytes: size },
        { cause },
      );
    }
  }
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
