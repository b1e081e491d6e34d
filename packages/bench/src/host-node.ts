import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import type { Host } from './host.ts';

/** CPU extensions that kernels of this project or of its peers make use of. */
const known =
  'avx2 avx_vnni avx512f avx512bw avx512vl avx512_vnni avx512_bitalg avx512_vpopcntdq avx512_bf16 avx512_fp16 amx_tile amx_int8 amx_bf16 gfni f16c fma asimd asimddp i8mm sve';

/** Linux alone says which extensions its CPU has. */
function flags(): readonly string[] {
  let text: string;
  try {
    text = readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return [];
  }
  const has = new Set(/^(?:flags|Features)\s*: (.*)$/m.exec(text)?.[1]?.split(' '));
  return known.split(' ').filter((flag) => has.has(flag));
}

export const host: Host = {
  environment: () => {
    const model = cpus()[0]?.model.trim();
    return {
      runtime: `Node ${process.versions.node}`,
      platform: process.platform,
      arch: process.arch,
      cpu: { ...(model ? { model } : {}), cores: availableParallelism(), flags: flags() },
      memoryBytes: totalmem(),
    };
  },
  cpuTime: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};
