import native from '@halftone/backend-native';
import { openBest, quantizeTensor, reference, tensor } from 'halftone';
import { count, query, vectors, width } from './embeddings.mjs';

const backend = await openBest([native, reference]);
const codes = (x) => quantizeTensor(x, { dtype: 'int8', scheme: 'symmetric' }).codes;
const zero = tensor('int8', [0]);

const shape = { batch: 1, m: 1, n: count, k: width, a: 'int8', b: 'int8', transposeB: true };
const plain = { bZeroPoint: 'per-tensor', bias: 'none', output: { type: 'int32' } };
const dots = backend.prepare('qgemm', { ...shape, ...plain }, { b: codes(vectors), bZeroPoint: zero });
const first = { dtype: 'int32', outer: 1, extent: count, inner: 1, k: 3, largest: true };
const search = backend.prepare('topK', first);

const a = backend.alloc({ dtype: 'int8', shape: [1, width] });
const [y, values, indices] = [count, 3, 3].map((n) => backend.alloc({ dtype: 'int32', shape: [n] }));
const aZeroPoint = backend.upload(zero);

backend.write(a, codes(query)); // for each query: write, run, run, read
dots.run({ a, aZeroPoint, y });
search.run({ x: y, values, indices });
console.log('nearest', ...(await backend.read(indices)).data);
console.log('products', ...(await backend.read(values)).data);
await backend.dispose();
