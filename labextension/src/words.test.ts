import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import ts from 'typescript';

const SOURCES = 'src';
/** Attributes that a person reads or hears. */
const SPOKEN = /^(aria-label|aria-description|aria-roledescription|title|placeholder|alt|label)$/;
const LETTERS = /\p{L}{2}/u;

function isText(node: ts.Node): node is ts.StringLiteral | ts.NoSubstitutionTemplateLiteral {
  return ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node);
}

/** Words of a source that stand in the page without asking JupyterLab's translator. */
function bypassing(source: string, name: string): string[] {
  const found: string[] = [];
  const tree = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node) && LETTERS.test(node.text)) {
      found.push(`${name}: ${node.text.trim()}`);
    }
    if (ts.isJsxAttribute(node) && SPOKEN.test(node.name.getText())) {
      const value = node.initializer;
      const said = value !== undefined && ts.isJsxExpression(value) ? value.expression : value;
      if (said !== undefined && isText(said) && LETTERS.test(said.text)) {
        found.push(`${name}: ${node.getText()}`);
      }
    }
    if (
      ts.isJsxExpression(node) &&
      (ts.isJsxElement(node.parent) || ts.isJsxFragment(node.parent)) &&
      node.expression !== undefined &&
      isText(node.expression) &&
      LETTERS.test(node.expression.text)
    ) {
      found.push(`${name}: ${node.getText()}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

void test('every word in the page asks the translator', () => {
  const names = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter(name =>
    name.endsWith('.tsx')
  );
  assert.ok(names.length > 20);
  const found = names.flatMap(name => bypassing(readFileSync(join(SOURCES, name), 'utf8'), name));
  assert.deepEqual(found, []);
});

void test('a word that does not ask is found', () => {
  const source = `const a = <p title="Two words">Some text {trans.__('fine')} {'And more'} · {1}</p>;`;
  assert.deepEqual(bypassing(source, 'a.tsx'), [
    'a.tsx: title="Two words"',
    'a.tsx: Some text',
    "a.tsx: {'And more'}"
  ]);
});
