// A backend that computes nothing: what remains is the cost of the engine itself.
import { type BackendProvider, hostBackend } from '@halftone/core';
import type { Case } from '@halftone/conformance';

/** `quantize`, for tensors without elements: doing nothing is right there. */
export const noOpBackend: BackendProvider = hostBackend({
  name: 'no-op',
  device: 'none',
  numericClass: () => 'exact',
  ops: {
    quantize: {
      supports: ({ shape }) => shape.includes(0) || { reason: 'no-op computes nothing' },
      run: () => {},
    },
  },
});

export const noOpCase: Case<'quantize'> = {
  id: 'quantize/no-op',
  op: 'quantize',
  spec: { shape: [0], to: 'uint8' },
  inputs: {},
  tags: [],
};
