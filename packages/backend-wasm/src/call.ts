// What assembly/call.ts says of calls, from this side: a kernel's struct in the heap, and kernels that are made of such calls.
import type { HandleKernel, Handles, PackedWeights } from '@halftone/core';
import type { Machine } from './kernels.ts';

/** A field of a struct: the address of an operand by its name, 0 where it is not given, or a number. */
export type Field = string | number;

/** A struct in the heap. */
export class Call {
  readonly address: number;
  readonly #machine: Machine;
  /** Operands, and in which words their addresses stand. */
  readonly #operands: readonly (readonly [string, number])[];

  /** `kind` is one of kinds.ts, `fields` are those of its class in assembly/, in their order. */
  constructor(machine: Machine, kind: number, parts: number, fields: readonly Field[]) {
    this.#machine = machine;
    const { heap } = machine;
    this.address = heap.allocate(4 * (fields.length + 2));
    const first = this.address >>> 2;
    this.#operands = fields.flatMap((field, i) =>
      typeof field === 'string' ? [[field, first + 2 + i] as const] : [],
    );
    heap.words.set([kind, parts, ...fields.map((field) => (typeof field === 'string' ? 0 : field))], first);
  }

  bind(io: Handles<number>): void {
    const { words } = this.#machine.heap;
    for (const [name, at] of this.#operands) words[at] = io[name] ?? 0;
  }

  dispose(): void {
    this.#machine.heap.free(this.address);
  }
}

/** What a kernel holds of the heap. */
interface Held {
  dispose(): void;
}

/** A kernel of calls, one after the other. */
export class CallKernel implements HandleKernel<number> {
  readonly variant: string;
  readonly calls: readonly Call[];
  readonly #machine: Machine;
  readonly #held: readonly Held[];

  /** `make` hands what it takes of the heap to `hold`, so that it is given back whatever happens. */
  constructor(
    machine: Machine,
    variant: string,
    make: (hold: <T extends Held>(thing: T) => T) => readonly Call[],
  ) {
    const held: Held[] = [];
    this.#machine = machine;
    this.#held = held;
    this.variant = variant;
    try {
      this.calls = make((thing) => {
        held.push(thing);
        return thing;
      });
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  run(io: Handles<number>): void {
    for (const call of this.calls) {
      call.bind(io);
      this.#machine.kernels.run(call.address);
    }
  }

  dispose(): void {
    for (const each of this.#held) each.dispose();
  }
}

/** Bytes of the heap that belong to one kernel, or weights in a kernel's layout. */
export class Room implements PackedWeights {
  readonly layout: string;
  readonly byteLength: number;
  readonly address: number;
  readonly #machine: Machine;
  #disposed = false;

  constructor(machine: Machine, layout: string, byteLength: number) {
    this.#machine = machine;
    this.layout = layout;
    this.byteLength = byteLength;
    this.address = machine.heap.allocate(byteLength);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#machine.heap.free(this.address);
  }
}

/** Int32s in the heap. */
export function numbersIn(machine: Machine, layout: string, numbers: ArrayLike<number>): Room {
  const room = new Room(machine, layout, 4 * Math.max(1, numbers.length));
  machine.heap.words.set(numbers, room.address >>> 2);
  return room;
}
