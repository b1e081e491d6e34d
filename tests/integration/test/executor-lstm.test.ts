import { isHalftoneError, tensor } from '@halftone/core';
import { describe, expect, test } from 'vitest';
import { expectOrt, Model, Random, runOurs } from './executor-support.ts';

const [steps, batch, input, hidden] = [5, 3, 4, 6];

interface Form {
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  readonly bias?: boolean;
  readonly initial?: boolean;
  readonly peephole?: boolean;
  readonly lengths?: boolean;
}

function lstm(form: Form, outputs = 3, attributes = {}): Model {
  const random = new Random(6);
  const model = new Model(14);
  const d = form.direction === 'bidirectional' ? 2 : 1;
  const of = (given: boolean | undefined, shape: readonly number[]): string =>
    given ? model.constant(random.floats(shape, -0.8, 0.8)) : '';
  const inputs = [
    model.input('x', 'float32', [steps, batch, input]),
    of(true, [d, 4 * hidden, input]),
    of(true, [d, 4 * hidden, hidden]),
    of(form.bias, [d, 8 * hidden]),
    form.lengths ? model.constant(tensor('int32', new Int32Array(batch).fill(steps))) : '',
    of(form.initial, [d, batch, hidden]),
    of(form.initial, [d, batch, hidden]),
    of(form.peephole, [d, 3 * hidden]),
  ];
  while (inputs.at(-1) === '') inputs.pop();
  const all = { hidden_size: hidden, direction: form.direction, ...attributes };
  model.output(...model.nodes('LSTM', inputs, all, outputs));
  return model;
}

const x = new Random(9).floats([steps, batch, input]);

describe('LSTM', () => {
  test.each<Form>([
    { direction: 'forward' },
    { direction: 'forward', bias: true, initial: true },
    { direction: 'forward', bias: true, initial: true, peephole: true, lengths: true },
    { direction: 'reverse', bias: true, initial: true, peephole: true },
    { direction: 'bidirectional', bias: true },
    { direction: 'bidirectional', bias: true, initial: true, peephole: true },
  ])('%o', async (form) => {
    await expectOrt(lstm(form), { x });
  });

  test('the sequence alone as output', async () => {
    await expectOrt(lstm({ direction: 'bidirectional', bias: true }, 1), { x });
  });

  test.each([{ clip: 3 }, { input_forget: 1 }, { layout: 1 }])('%o is refused', async (attributes) => {
    const failed = await runOurs(lstm({ direction: 'forward' }, 3, attributes).graph(), { x }).catch(
      (error: unknown) => error,
    );
    expect(isHalftoneError(failed, 'HT_UNSUPPORTED')).toBe(true);
  });
});
