import { dirname, join } from 'node:path';
import ts from 'typescript';
import { filesIn, textOf } from './files';

/** Source files of the gateway and its drivers, tests left out. */
export const SOURCES = ['src', 'drivers'].flatMap(filesIn).filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'));

/** Files of ours that a source file imports, types included. */
export function importsOf(path: string): string[] {
  const { importedFiles } = ts.preProcessFile(textOf(path));
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) => `${join(dirname(path), name)}.ts`);
}

/** Room of a source file: its folder below src, the file itself where it stands in none, or `drivers`. */
export function roomOf(path: string): string {
  const [top = '', next = ''] = path.split('/');
  return top === 'src' ? next.replace(/\.ts$/, '') : top;
}

/** Reads which rooms each room imports, itself left out. */
export function roomImports(): Map<string, Set<string>> {
  const imports = new Map<string, Set<string>>();
  for (const path of SOURCES) {
    const room = roomOf(path);
    const known = imports.get(room) ?? new Set();
    for (const imported of importsOf(path).map(roomOf)) if (imported !== room) known.add(imported);
    imports.set(room, known);
  }
  return imports;
}

/**
 * Names that a source file declares: functions, classes, variables, members. A function that makes a function of a named
 * type declares that too: `createExchange(): Exchange` makes `exchange`.
 */
export function declaredIn(path: string): Set<string> {
  const names = new Set<string>();
  visit(path, (node) => {
    const { name } = node as ts.Node & { name?: ts.Node };
    if (isDeclaration(node) && name && ts.isIdentifier(name)) names.add(name.text);
    const made = ts.isFunctionDeclaration(node) && node.type && ts.isTypeReferenceNode(node.type) ? node.type.typeName : undefined;
    if (made && ts.isIdentifier(made)) names.add(made.text.charAt(0).toLowerCase() + made.text.slice(1));
  });
  return names;
}

/** Names of what a source file calls, or binds to call it: functions, and members of anything. */
export function calledIn(path: string): Set<string> {
  const names = new Set<string>();
  visit(path, (node) => {
    if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return;
    const called = withoutCasts(node.expression);
    const binds = ts.isPropertyAccessExpression(called) && called.name.text === 'bind';
    const callee = binds ? called.expression : called;
    if (ts.isIdentifier(callee)) names.add(callee.text);
    else if (ts.isPropertyAccessExpression(callee)) names.add(callee.name.text);
  });
  return names;
}

function withoutCasts(node: ts.Expression): ts.Expression {
  return ts.isParenthesizedExpression(node) || ts.isAsExpression(node) ? withoutCasts(node.expression) : node;
}

function isDeclaration(node: ts.Node): boolean {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isVariableDeclaration(node) ||
    ts.isClassElement(node) ||
    ts.isTypeElement(node) ||
    ts.isObjectLiteralElement(node)
  );
}

function visit(path: string, look: (node: ts.Node) => void): void {
  const walk = (node: ts.Node): void => {
    look(node);
    ts.forEachChild(node, walk);
  };
  walk(ts.createSourceFile(path, textOf(path), ts.ScriptTarget.Latest, false));
}
