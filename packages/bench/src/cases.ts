import { allCases, type Case, largeCases } from '@halftone/conformance';

/** The size at which engines that draw in pages show their products. */
const CUBE = { m: 512, n: 512, k: 512 };
/** Large cubes that are timed at that size too. */
const cubes = /^qgemm\/large\/1024x1024x1024\/|^gemm\/large\/256x256x256$/;

let made: readonly Case[] | undefined;

/** The large cases of the catalogue, and cubes beside them. */
function timedCases(): readonly Case[] {
  return (made ??= largeCases().flatMap((item) => (cubes.test(item.id) ? [item, asCube(item)] : [item])));
}

function asCube(item: Case): Case {
  const { m, n, k } = CUBE;
  return {
    ...item,
    id: item.id.replace(/\d+x\d+x\d+/, `${m}x${n}x${k}`),
    spec: { ...item.spec, ...CUBE } as Case['spec'],
    tags: ['large'],
  };
}

/**
 * The cases that a filter names, by their ids: of the large ones (the quick ones of them), or where none of these match,
 * of the whole conformance catalogue. Empty where nothing matches.
 */
export function casesFor({
  filter,
  quick,
}: {
  readonly filter?: RegExp | undefined;
  readonly quick?: boolean | undefined;
}): readonly Case[] {
  const chosen = timedCases().filter(({ tags }) => !quick || tags.includes('quick'));
  if (filter === undefined) return chosen;
  const groups = [chosen, timedCases(), [...allCases()]].map((group) =>
    group.filter(({ id }) => filter.test(id)),
  );
  return groups.find(({ length }) => length > 0) ?? [];
}
