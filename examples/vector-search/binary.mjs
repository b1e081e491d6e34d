import native from '@halftone/backend-native';
import { openBest, packSigns, reference } from 'halftone';
import { count, query, vectors, width } from './embeddings.mjs';

const backend = await openBest([native, reference]);
const products = backend.prepare('bgemm', { m: 1, n: count, k: width }, { b: packSigns(vectors) });
const first = { dtype: 'int32', outer: 1, extent: count, inner: 1, k: 3, largest: true };
const search = backend.prepare('topK', first);

const a = backend.alloc({ dtype: 'uint8', shape: [1, width / 8] });
const [y, values, indices] = [count, 3, 3].map((n) => backend.alloc({ dtype: 'int32', shape: [n] }));

backend.write(a, packSigns(query));
products.run({ a, y });
search.run({ x: y, values, indices });
console.log('nearest', ...(await backend.read(indices)).data);
console.log('signs that agree less those that do not', ...(await backend.read(values)).data);
await backend.dispose();
