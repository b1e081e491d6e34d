import type { BackendDriver, DeviceTensor, OpSpecs, PackedWeights, Tensor } from '@halftone/core';
import { type Case, makeCase } from '../case.ts';
import { operandsOf, resultsOf } from '../operands.ts';
import { type Law, packableOf, require, sameTensor } from './law.ts';

type Gemm = OpSpecs['qgemm'];

/** Rows of A that one packing of B must serve. */
const rows = [1, 2, 7, 16, 33] as const;

export const packedOnce: Law = {
  name: 'packed-once',
  rule: 'weights that are packed once serve any number of rows, and their bytes are counted until they are disposed',
  async check({ cases, driver: open }) {
    const item = cases.find(({ op }) => op === 'qgemm') as Case<'qgemm'> | undefined;
    const driver = await open();
    try {
      const provider = driver.kernels.qgemm;
      if (item === undefined || provider?.pack === undefined) return;
      const packable = packableOf(item);
      const { b, bZeroPoint } = operandsOf(item) as Record<string, Tensor>;
      const before = driver.stats().packedBytes;
      const packed = provider.pack({ ...item.spec, m: 1 }, { b: b!, bZeroPoint: bZeroPoint! });
      require(driver.stats().packedBytes - before ===
        packed.byteLength, `packed weights of ${packed.byteLength} bytes, and packedBytes grew by ${driver.stats().packedBytes - before}`, item);
      for (const m of rows) {
        const other = withRows(item, m);
        if (provider.supports(other.spec) !== true) continue;
        const operands = { ...operandsOf(other), b: b!, bZeroPoint: bZeroPoint! };
        const plain = await product(driver, other, operands, [], undefined);
        const got = await product(driver, other, operands, packable, packed);
        require(sameTensor(
          got,
          plain,
        ), `weights that were packed for one row give another product for ${m}`, other);
      }
      packed.dispose();
      require(driver.stats().packedBytes === before, 'packedBytes is not back after dispose()', item);
    } finally {
      await driver.dispose();
    }
  },
};

/** The same product with other rows of A; its weights are those of the case it was made of. */
function withRows(item: Case<'qgemm'>, m: number): Case<'qgemm'> {
  const spec: Gemm = { ...item.spec, m };
  return makeCase('qgemm', `${item.id.replace(/^qgemm\//, '')}, ${m} rows`, spec, item.inputs);
}

/** Runs a product on the driver itself; operands that are packed are left out. */
async function product(
  driver: BackendDriver,
  item: Case<'qgemm'>,
  operands: Readonly<Record<string, Tensor>>,
  left: readonly string[],
  packed: PackedWeights | undefined,
): Promise<Tensor> {
  const io: Record<string, DeviceTensor> = {};
  for (const [name, operand] of Object.entries(operands)) {
    if (left.includes(name)) continue;
    io[name] = driver.alloc(operand);
    driver.write(io[name], operand);
  }
  io['y'] = driver.alloc(resultsOf(item)['y']!);
  const kernel = driver.kernels.qgemm!.prepare(item.spec, packed);
  kernel.run(io);
  const result = await driver.read(io['y']);
  kernel.dispose();
  for (const tensor of Object.values(io)) tensor.dispose();
  return result;
}
