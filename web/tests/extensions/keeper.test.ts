import { expect, test } from 'vitest';
import { problemOf } from '../../src/extensions/keeper.ts';

function failing(stack: string): Error {
  return Object.assign(new Error('It fails.'), { stack });
}

test.each([
  [
    'Error: It fails.\n    at f (http://h:1/api/v1/editor-extensions/my%20pack/ab12/parts/a%20b.js:7:9)',
    'parts/a b.js',
    7,
  ],
  ['f@https://h/below/api/v1/editor-extensions/demo/ab12/demo.js:12:3', 'demo.js', 12],
  ['Error: It fails.\n    at g (http://h:1/assets/index.js:2:3)', 'script.js', null],
])('the place of a problem is read from %j', (stack, file, line) => {
  const problem = problemOf('demo', 'script.js', 'a command', failing(stack));
  expect(problem).toMatchObject({ pack: 'demo', file, line, sentence: 'It fails.', doing: 'a command' });
});

test('whatever is thrown has a sentence', () => {
  for (const [thrown, sentence] of [
    ['text', 'text'],
    [null, 'null'],
    [undefined, 'undefined'],
    [7, '7'],
  ] as const)
    expect(problemOf('demo', 'a.js', '', thrown).sentence).toBe(sentence);
});
