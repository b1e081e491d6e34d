import { HalftoneError, isHalftoneError } from '../errors.ts';
import { Backend } from './backend.ts';
import type { BackendProvider } from './contract.ts';

/** Opens one backend. Throws HT_UNAVAILABLE with the provider's reason, HT_BACKEND for something that is no provider. */
export async function openBackend<Options>(
  provider: BackendProvider<Options>,
  options?: Options,
): Promise<Backend> {
  const spec: unknown = (provider as { spec?: unknown } | undefined)?.spec;
  if (spec !== 'backend/1') {
    throw new HalftoneError(
      'HT_BACKEND',
      `not a backend provider: spec is ${JSON.stringify(spec)}, "backend/1" is needed; pass the default export of a backend package`,
    );
  }
  const probe = await provider.probe(options);
  if (!probe.available) {
    throw new HalftoneError('HT_UNAVAILABLE', `${provider.name}: ${probe.reason}`, {
      backend: provider.name,
      reason: probe.reason,
    });
  }
  return new Backend(await provider.create(options));
}

/** Opens the first of the providers that can run here. Throws HT_UNAVAILABLE with the reason of each. */
export async function openBest(providers: readonly BackendProvider[]): Promise<Backend> {
  const reasons: string[] = [];
  for (const provider of providers) {
    try {
      return await openBackend(provider);
    } catch (error) {
      if (!isHalftoneError(error, 'HT_UNAVAILABLE')) throw error;
      reasons.push(error.message);
    }
  }
  throw new HalftoneError(
    'HT_UNAVAILABLE',
    `no backend can run here: ${reasons.join('; ') || 'none was given'}`,
    { reasons },
  );
}
