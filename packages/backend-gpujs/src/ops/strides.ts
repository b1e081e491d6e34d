/** Statements that set the int `at`: where the element `e` of a tensor of these extents stands under other strides. */
export function stridedSource(extents: readonly number[], strides: readonly number[]): string {
  const steps = extents.map((extent, axis) => {
    const size = Math.max(extent, 1);
    return `over = left / ${size}; at += (left - over * ${size}) * ${strides[axis]!}; left = over;`;
  });
  return `int left = e, at = 0, over = 0;
  ${steps.reverse().join('\n  ')}`;
}
