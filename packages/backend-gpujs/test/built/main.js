// As a user writes it; a production build minifies it, the backend, and gpu.js.
import gpujs from '@halftone/backend-gpujs';
import { openBackend, quantizeTensor, tensor } from '@halftone/core';

async function work() {
  const backend = await openBackend(gpujs, { allowSoftware: true });
  const x = quantizeTensor(tensor('float32', [0, 51, 102, 255], [2, 2]), { dtype: 'uint8' });
  const { data } = await backend.qgemm(x, x);
  const { device } = backend;
  await backend.dispose();
  return { device, data: [...data] };
}

const answer = await work().catch((error) => ({ error: `${error.code}: ${error.message}` }));
await fetch('/result', { method: 'POST', body: JSON.stringify(answer) });
