import { beforeEach, expect, test, vi } from 'vitest';
import type { App } from '../../src/app/context.ts';
import type { Problem } from '../../src/extensions/keeper.ts';
import { Loader } from '../../src/extensions/loader.ts';
import { followPacks } from '../../src/extensions/start.ts';
import type { Activate1, Weft1 } from '../../types/weft-editor.d.ts';
import { makeTestApp, PackServer, report, settled } from './app.ts';

let server: PackServer;
let app: App;
let modules: { [script: string]: unknown };
let loads: string[];
let problems: Problem[];
let loader: Loader;

beforeEach(async () => {
  server = new PackServer();
  app = makeTestApp(server);
  [modules, loads, problems] = [{}, [], []];
  loader = new Loader(app, {
    load: async (url) => {
      loads.push(url.replace(/^.*editor-extensions\//, ''));
      const module = modules[url.replace(/^.*\//, '')];
      if (module === undefined) throw new SyntaxError('Unexpected end of input');
      return module as { activate: Activate1 };
    },
    tell: (problem) => problems.push(problem),
  });
  await import('../../src/extensions/api-1.ts'); // so that what follows waits for nothing but promises
});

/** Let the server have one pack with these scripts. */
function offer(version: string, scripts: { readonly [name: string]: (weft: Weft1) => unknown }): void {
  server.extensions = [{ pack: 'demo', version, scripts: Object.keys(scripts) }];
  for (const [name, activate] of Object.entries(scripts)) modules[name] = { api: 1, activate };
}

const counting = (weft: Weft1): void => void weft.addCommand({ id: 'count', title: 'Count', run: () => {} });

test('a script is started once for each version, and what it added goes with it', async () => {
  offer('v1', { 'a.js': counting });
  await loader.refresh();
  await loader.refresh();
  expect(loads).toEqual(['demo/v1/a.js']);
  expect(app.commands.get('packs.demo.count')).toBeDefined();
  expect(app.texts.t('command.packs.demo.count')).toBe('Count');

  offer('v2', { 'a.js': (weft) => void weft.addPanel({ id: 'p', title: 'P', mount: () => {} }) });
  await loader.refresh();
  expect(loads).toEqual(['demo/v1/a.js', 'demo/v2/a.js']);
  expect(app.commands.all().map(({ id }) => id)).toEqual(['panel.demo.p']);
  expect(app.extensions.panels.value.map(({ id }) => id)).toEqual(['demo.p']);
  void app.commands.get('panel.demo.p')?.run(app);
  expect([app.dialogs.panel.value, app.dialogs.panelFocus.value]).toEqual(['demo.p', 'panel']);

  server.extensions = [];
  await loader.refresh();
  expect(app.commands.all()).toEqual([]);
  expect(app.extensions.panels.value).toEqual([]);
  expect(app.texts.has('command.packs.demo.count')).toBe(false);
  expect(problems).toEqual([]);
});

test('ends are called once, the newest first', async () => {
  const ended: string[] = [];
  offer('v1', {
    'a.js': (weft) => {
      weft.onEnd(() => ended.push('first'));
      weft.onEnd(() => ended.push('second'));
      return () => ended.push('returned');
    },
  });
  await loader.refresh();
  server.extensions = [];
  await loader.refresh();
  await loader.refresh();
  expect(ended).toEqual(['returned', 'second', 'first']);
});

test('a script that cannot be loaded or started is told, and the next ones are started', async () => {
  const fail = (): never => {
    throw new Error('It cannot start.');
  };
  offer('v1', { 'a.js': fail, 'b.js': async () => fail(), 'c.js': counting, 'd.js': counting });
  modules['b2.js'] = { api: 2, activate: counting };
  modules['b3.js'] = { something: 'else' };
  server.extensions = [
    { pack: 'demo', version: 'v1', scripts: ['a.js', 'b.js', 'b2.js', 'b3.js', 'none.js', 'c.js', 'd.js'] },
  ];
  await loader.refresh();
  expect(problems.map(({ pack, file, sentence }) => `${pack} ${file} ${sentence}`)).toEqual([
    'demo a.js It cannot start.',
    'demo b.js It cannot start.',
    'demo b2.js It is written for version 2 of the API; this editor has 1.',
    'demo b3.js It exports no function `activate`; one that only helps others belongs into a folder.',
    'demo none.js Unexpected end of input',
    'demo d.js There are two commands packs.demo.count.',
  ]);
  expect(app.commands.get('packs.demo.count')).toBeDefined();
});

test('what a script throws later is told and goes no further', async () => {
  const fail = (): never => {
    throw new Error('Later.');
  };
  offer('v1', {
    'a.js': (weft) => {
      weft.addCommand({ id: 'now', title: 'Now', run: fail, isEnabled: fail });
      weft.addCommand({ id: 'async', title: 'Async', run: async () => fail() });
      weft.onMessage('demo.said', fail);
      weft.workflow.onChange(fail);
      weft.addMenuItem({ where: 'canvas', title: 'Item', isShown: fail, run: fail });
      weft.onEnd(fail);
    },
  });
  await loader.refresh();
  app.runs.start();
  await settled();
  expect(app.commands.get('packs.demo.now')?.isEnabled?.(app)).toBe(false);
  void app.commands.get('packs.demo.now')?.run(app);
  void app.commands.get('packs.demo.async')?.run(app);
  server.tell('demo.said', {});
  app.tabs.openNew();
  const [item] = app.extensions.menuItems.value;
  expect(item?.isShown?.({ at: [0, 0] } as never)).toBe(false);
  server.extensions = [];
  await loader.refresh();
  await settled();
  expect(problems.map(({ doing }) => doing)).toEqual([
    'the command now',
    'the command now',
    'a listener to demo.said',
    'a listener',
    'an item of a menu',
    'the command async',
    'an end',
  ]);
});

test('what is added after the end is taken away at once', async () => {
  let late: Weft1 | undefined;
  offer('v1', { 'a.js': (weft) => void (late = weft) });
  await loader.refresh();
  server.extensions = [];
  await loader.refresh();
  late?.addCommand({ id: 'late', title: 'Late', run: () => {} });
  expect(app.commands.all()).toEqual([]);
});

test.each(['packs_changed', 'node_types_changed'])(
  '%s brings scripts, packs and types up to date',
  async (event) => {
    followPacks(app, loader);
    app.runs.start();
    await settled();
    offer('v1', { 'a.js': counting });
    server.packs = [report('demo', { state: 'loaded' })];
    server.objectInfo = { Rain: { input: { required: { drops: ['INT', {}] } }, output: [] } };
    server.tell(event, { changed: ['demo'] });
    await settled();
    expect(app.commands.get('packs.demo.count')).toBeDefined();
    expect(app.packs.all.value.map(({ name }) => name)).toEqual(['demo']);
    expect([...app.specs.value.keys()]).toEqual(['Rain']);
  },
);

test('a server that comes back is asked again, and one that is away takes nothing from the user', async () => {
  offer('v1', { 'a.js': counting });
  followPacks(app, loader);
  app.runs.start();
  await settled();
  server.leave();
  await loader.refresh();
  expect(app.commands.get('packs.demo.count')).toBeDefined();
  offer('v2', { 'a.js': () => {} });
  server.isAway = false;
  app.runs.hurry();
  await vi.waitFor(() => expect(loads).toEqual(['demo/v1/a.js', 'demo/v2/a.js']));
  await loader.refresh();
  expect(app.commands.get('packs.demo.count')).toBeUndefined();
});
