/** The example of docs/editor-extensions.md fits the published types, as a checker of JavaScript sees it. */

import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, test } from 'vitest';

const PAGE = readFileSync('../docs/editor-extensions.md', 'utf8');
const TYPES = readFileSync('types/weft-editor.d.ts', 'utf8');
const OPTIONS: ts.CompilerOptions = {
  allowJs: true,
  checkJs: true,
  strict: true,
  noEmit: true,
  skipDefaultLibCheck: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  allowImportingTsExtensions: true,
  types: [],
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
};

/** Return the scripts of the page by their names below weft/. */
function scripts(): Map<string, string> {
  const blocks = PAGE.matchAll(/^```javascript\n\/\/ web\/weft\/(\S+)\n([\s\S]*?)^```$/gm);
  return new Map([...blocks].map(([, name, text]) => [name as string, text as string]));
}

/** Return what is wrong with files of a folder in which the types lie too, by file. */
function problems(files: ReadonlyMap<string, string>): Map<string, string[]> {
  const all = [...files, ['weft-editor.d.ts', TYPES] as const];
  const texts = new Map(all.map(([name, text]) => [`/pack/${name}`, text]));
  const host = ts.createCompilerHost(OPTIONS);
  const { readFile, fileExists, directoryExists, getSourceFile } = host;
  host.readFile = (name) => texts.get(name) ?? readFile(name);
  host.fileExists = (name) => texts.has(name) || fileExists(name);
  host.directoryExists = (name) => name.startsWith('/pack') || directoryExists?.(name) === true;
  host.getSourceFile = (name, ...others) => {
    const text = texts.get(name);
    return text === undefined
      ? getSourceFile(name, ...others)
      : ts.createSourceFile(name, text, others[0], true);
  };
  const found = new Map<string, string[]>();
  for (const { messageText, file } of ts.getPreEmitDiagnostics(
    ts.createProgram([...texts.keys()], OPTIONS, host),
  )) {
    const name = file?.fileName.replace('/pack/', '') ?? '';
    found.set(name, [...(found.get(name) ?? []), ts.flattenDiagnosticMessageText(messageText, ' ')]);
  }
  return found;
}

const WRONG = [
  ["weft.addWidget({ for: 'STARS', mount: mountStars });", 'weft.addWidget({ for: 7, mount: mountStars });'],
  ["icon: 'star',", 'icon: 5,'],
  ["where: 'canvas',", "where: 'kitchen',"],
  ['weft.workflow.onChange(show)', 'weft.workflow.whenever(show)'],
] as const;

test('the example fits the types, and what does not fit is found', () => {
  const files = scripts();
  expect([...files.keys()]).toEqual(['rating.js', 'parts/stars.js']);
  const script = files.get('rating.js') as string;
  for (const [at, [right, wrong]] of WRONG.entries()) {
    expect(script).toContain(right);
    files.set(`wrong-${at}.js`, script.replace(right, wrong));
  }
  const found = problems(files);
  expect(found.get('rating.js') ?? []).toEqual([]);
  expect([...found.keys()].toSorted()).toEqual(WRONG.map((_, at) => `wrong-${at}.js`));
});
