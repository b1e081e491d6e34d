/** The value below which a share of a list lies, between its neighbours where it falls between two. NaN for an empty list. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const [lower = NaN, upper = lower] = [sorted[below], sorted[below + 1]];
  return lower + (upper - lower) * (place - below);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Half the distance between the quartiles, as a part of the median: 0.02 reads as two percent up or down. */
export function spread(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values);
}
