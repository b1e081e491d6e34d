// Whole networks: our executor over a backend, and how close the outputs of anybody are to the reference's.
import { type Backend, isHalftoneError, openBackend, sqnrDb, type Tensor } from '@halftone/core';
import reference from '@halftone/backend-reference';
import { GraphSession } from '@halftone/graph';
import { type Entrant, reasonOf } from './contest.ts';
import type { Contestant, Network, NetworkRunner, NetworkSession } from './contestant.ts';
import { Stopwatch } from './op-run.ts';
import type { Agreement, Cell, UntimedCell } from './result.ts';

type Feeds = Readonly<Record<string, Tensor>>;

/** Runs networks on a backend; steps that it has no kernels for run on the reference. */
export function networksOn(backend: Backend): NetworkRunner {
  return {
    async open({ graph, feeds }): Promise<NetworkSession> {
      const last = await openBackend(reference);
      const session = new GraphSession(graph, { backends: [backend, last] });
      const dispose = async () => {
        await session.dispose();
        await last.dispose();
      };
      try {
        // Some models are planned only when they run.
        await session.run(feeds);
      } catch (error) {
        await dispose();
        throw error;
      }
      const steps = session.explain();
      const own = steps.filter((step) => step.backend === backend.name).length;
      return {
        variant:
          own === steps.length
            ? `${own} steps`
            : `${own} of ${steps.length} steps, the others on the reference`,
        exact: session.exact,
        run: (inputs: Feeds) => session.run(inputs),
        dispose,
      };
    },
  };
}

/** The outputs that others are compared with. */
export async function referenceOutputs({ graph, feeds }: Network): Promise<Record<string, Tensor>> {
  const backend = await openBackend(reference);
  const session = new GraphSession(graph, { backends: [backend] });
  try {
    return await session.run(feeds);
  } finally {
    await session.dispose();
    await backend.dispose();
  }
}

/** Opens a contestant at a network, or says why it gets no figures. */
export async function enterNetwork(
  contestant: Contestant,
  open: () => Promise<NetworkSession>,
  network: Network,
  expected: Readonly<Record<string, Tensor>>,
): Promise<Entrant | Cell> {
  const without = (status: UntimedCell['status'], reason: string): Cell => ({
    task: network.id,
    contestant: contestant.id,
    status,
    reason,
  });
  const clock = new Stopwatch();
  let session: NetworkSession | undefined;
  try {
    const opened = await open();
    session = opened;
    const pack = clock.lap();
    const outputs = await opened.run(network.feeds);
    const firstRun = clock.lap();
    const agreement = agreementOf(expected, outputs);
    if (opened.exact && agreement.bitEqual < 1) {
      await opened.dispose();
      const percent = (100 * agreement.bitEqual).toFixed(1);
      return without('wrong', `${percent} % of the outputs are equal to the reference's, and all must be`);
    }
    const accuracy = await network.evaluate?.(opened);
    return {
      contestant,
      subject: {
        async run(times) {
          for (let i = 0; i < times; i++) await opened.run(network.feeds);
        },
      },
      facts: {
        phases: { pack, firstRun },
        agreement,
        ...(accuracy ? { accuracy } : {}),
        ...(opened.variant === undefined ? {} : { variant: opened.variant }),
      },
      async recheck() {
        const later = agreementOf(outputs, await opened.run(network.feeds));
        return later.bitEqual === 1 ? undefined : 'the same inputs gave other outputs in a later run';
      },
      dispose: () => opened.dispose(),
    };
  } catch (error) {
    await session?.dispose();
    const status = isHalftoneError(error, 'HT_UNSUPPORTED') ? 'refused' : 'failed';
    return without(status, reasonOf(error));
  }
}

/** Compares outputs by name. An output that is missing, or of another size, agrees in nothing. */
function agreementOf(
  expected: Readonly<Record<string, Tensor>>,
  got: Readonly<Record<string, Tensor>>,
): Agreement {
  const wanted = Object.values(expected).flatMap(numbers);
  const outputs = Object.entries(expected).flatMap(([name, right]) => {
    const given = got[name];
    return given?.data.length === right.data.length ? numbers(given) : numbers(right).fill(NaN);
  });
  const equal = wanted.filter((value, i) => Object.is(value, outputs[i])).length;
  const ratio = sqnrDb(wanted, outputs);
  return {
    bitEqual: wanted.length === 0 ? 1 : equal / wanted.length,
    ...(Number.isFinite(ratio) ? { sqnrDb: ratio } : {}),
  };
}

function numbers({ data }: Tensor): number[] {
  return Array.from(data as ArrayLike<number | bigint>, Number);
}
