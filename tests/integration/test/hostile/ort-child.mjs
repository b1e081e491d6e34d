// ONNX Runtime in a process of its own: it may crash on a hostile file, and that is not ours to mend.
import { InferenceSession, Tensor } from 'onnxruntime-node';

process.on('message', (job) => void answer(job));

async function answer({ file, feeds, optimize }) {
  let session;
  try {
    session = await InferenceSession.create(file, {
      graphOptimizationLevel: optimize ? 'all' : 'disabled',
      logSeverityLevel: 4,
      intraOpNumThreads: 1,
    });
    const inputs = Object.fromEntries(
      Object.entries(feeds).map(([name, { dtype, data, shape }]) => [name, new Tensor(dtype, data, shape)]),
    );
    const results = await session.run(inputs);
    const outputs = Object.entries(results).map(([name, { type, data, dims }]) => [
      name,
      { dtype: type, data, shape: dims },
    ]);
    process.send({ outputs: Object.fromEntries(outputs) });
  } catch (error) {
    process.send({ refused: String(error?.message ?? error) });
  } finally {
    await session?.release().catch(() => {});
  }
}

process.send({ ready: true });
