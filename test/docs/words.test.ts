import ts from 'typescript';
import { filesIn, textOf } from './files';

/** Ids of our own readings and requirements (D029, R5.4-06) mean nothing to a client: no text of the program has one. */
const INTERNAL = /\b(?:D\d{3}|R\d+(?:\.\d+)+-\d+)\b/;

/** The texts of a source file: what stands between quotes, comments left out. */
function textsOf(file: string): string[] {
  const source = ts.createSourceFile(file, textOf(file), ts.ScriptTarget.Latest, false);
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) texts.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

test('no message names an id of our readings', () => {
  const files = ['src', 'drivers'].flatMap(filesIn).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  expect(files.length).toBeGreaterThan(200);
  const found = files.flatMap((file) => textsOf(file).flatMap((text) => (INTERNAL.test(text) ? [`${file}: ${text}`] : [])));
  expect(found).toEqual([]);
});

test.each(['not needed here (D029)', 'see R5.4-06'])('such an id is seen: %s', (text) => {
  expect(INTERNAL.test(text)).toBe(true);
});
