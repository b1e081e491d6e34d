import { type Node, parseSync } from 'oxc-parser';

export interface Reference {
  readonly name: string;
  readonly line: number;
}

export interface ParsedFile {
  /** Specifiers of imports (static, dynamic, in types) and of re-exports. */
  readonly imports: readonly Reference[];
  /** Identifiers read as values that no declaration in the file explains. */
  readonly globals: readonly Reference[];
}

type Tree = Node & Record<string, unknown>;

/** Syntax that holds types alone; these TypeScript nodes hold values. */
const isType = /^TS(?!AsExpression|NonNullExpression|SatisfiesExpression|InstantiationExpression)/;

function isNode(value: unknown): value is Tree {
  return (
    typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
  );
}

function children(node: Tree): Tree[] {
  return Object.values(node)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter(isNode);
}

/** Collects the names that a node binds. Scopes are not told apart: a name bound anywhere is no global. */
function declare(node: Tree, names: Set<string>): void {
  const bind = (target: unknown): void => {
    if (!isNode(target)) return;
    if (target.type === 'Identifier') names.add(String(target.name));
    else if (target.type === 'AssignmentPattern') bind(target.left);
    else if (target.type === 'Property') bind(target.value);
    else if (/Pattern$|^RestElement$/.test(target.type)) children(target).forEach(bind);
  };
  if (node.type === 'VariableDeclarator') bind(node.id);
  else if (node.type === 'CatchClause') bind(node.param);
  else if (/^Import\w*Specifier$/.test(node.type)) bind(node.local);
  else if (/Function|Class/.test(node.type)) bind(node.id);
  if (/Function/.test(node.type) && Array.isArray(node.params)) node.params.forEach(bind);
}

/** The child that only names a member, and so reads no variable. */
function memberName(node: Tree): unknown {
  if (node.computed === true) return undefined;
  if (node.type === 'MemberExpression') return node.property;
  return /^(Property|PropertyDefinition|MethodDefinition)$/.test(node.type) ? node.key : undefined;
}

/** What `globalThis.x` and `globalThis['x']` read. */
function globalMember(node: Tree): string | undefined {
  if (node.type !== 'MemberExpression' || !isNode(node.object) || !isNode(node.property)) return undefined;
  if (node.object.type !== 'Identifier' || node.object.name !== 'globalThis') return undefined;
  return String(node.computed === true ? node.property.value : node.property.name);
}

const importing =
  /^(ImportDeclaration|ExportAllDeclaration|ExportNamedDeclaration|ImportExpression|TSImportType)$/;

/** Reads the imports and the free identifiers of one source file; throws where it does not parse. */
export function parseFile(name: string, text: string): ParsedFile {
  const { program, errors } = parseSync(name, text);
  const error = errors[0];
  if (error) throw new Error(`${name}: ${error.message}`);

  const lineAt = (node: Tree): number => text.slice(0, node.start).split('\n').length;
  const imports: Reference[] = [];
  const declared = new Set<string>();
  const read: Reference[] = [];

  const visit = (node: Tree, inType: boolean): void => {
    if (importing.test(node.type) && isNode(node.source) && typeof node.source.value === 'string') {
      imports.push({ name: node.source.value, line: lineAt(node) });
    }
    // `declare const process` does not make the name safe, so it binds nothing here.
    const types = inType || isType.test(node.type) || node.declare === true;
    if (!types) {
      declare(node, declared);
      const used = node.type === 'Identifier' ? String(node.name) : globalMember(node);
      if (used !== undefined) read.push({ name: used, line: lineAt(node) });
    }
    const skip = memberName(node);
    for (const child of children(node)) if (child !== skip) visit(child, types);
  };
  visit(program as unknown as Tree, false);
  return { imports, globals: read.filter((reference) => !declared.has(reference.name)) };
}
