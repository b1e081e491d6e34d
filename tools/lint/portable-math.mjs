// The language lets an engine approximate `**` as it likes, as it does Math.exp; see docs/decisions/0007-portable-arithmetic.md.
const message =
  'An engine may approximate **: results differ between machines. Use multiplication, a literal, or the functions of @halftone/core.';

// Arithmetic on bigints is exact.
function isBigInt(node) {
  return node.type === 'Literal' && typeof node.bigint === 'string';
}

export default {
  meta: { name: 'halftone' },
  rules: {
    'no-exponentiation': {
      create(context) {
        return {
          "BinaryExpression[operator='**']"(node) {
            if (!isBigInt(node.left) && !isBigInt(node.right)) context.report({ node, message });
          },
          "AssignmentExpression[operator='**=']"(node) {
            if (!isBigInt(node.right)) context.report({ node, message });
          },
        };
      },
    },
  },
};
