/** An app without a page, before a server whose packs and scripts tests decide. */

import type { App } from '../../src/app/context.ts';
import { Dialogs } from '../../src/app/dialogs.ts';
import { LocalLog } from '../../src/app/local-log.ts';
import { Packs } from '../../src/app/packs.ts';
import { Tabs } from '../../src/app/tabs.ts';
import { Texts } from '../../src/app/texts.ts';
import { Commands } from '../../src/core/commands.ts';
import type { JsonObject } from '../../src/core/graph.ts';
import type { Specs } from '../../src/core/specs.ts';
import { Store } from '../../src/core/store.ts';
import { Extensions } from '../../src/extensions/extensions.ts';
import { Api, type EditorExtension, type PackReport } from '../../src/net/api.ts';
import { Runs } from '../../src/net/runs.ts';
import { SPECS } from '../core/edits/examples.ts';
import { FakeServer } from '../net/fake-server.ts';

export class PackServer extends FakeServer {
  extensions: readonly EditorExtension[] = [];
  packs: readonly PackReport[] = [];
  objectInfo: JsonObject = {};

  readonly answer = async (url: string, init: RequestInit): Promise<Response> => {
    if (this.isAway) throw new TypeError('Failed to fetch');
    const path = url.replace(/^.*api\//, '');
    if (path === 'v1/editor-extensions') return Response.json(this.extensions);
    if (path === 'v1/packs') return Response.json({ packs: this.packs });
    if (path === 'object_info') return Response.json(this.objectInfo);
    return this.fetch(url, init);
  };
}

export function makeTestApp(server: PackServer): App {
  const api = new Api('http://server/', server.answer);
  const specs = new Store<Specs>(SPECS);
  const urls = { createObjectURL: () => '', revokeObjectURL: () => {} };
  const parts = {
    page: 'http://server/',
    clientId: 'me',
    memory: null,
    connect: server.connect,
    now: () => 0,
    urls,
  };
  const runs = new Runs(api, { ...parts, newId: () => 'job' });
  const tabs = new Tabs(specs, (number) => `Unsaved ${number}`);
  return {
    api,
    specs,
    runs,
    tabs,
    texts: new Texts(),
    commands: new Commands<App>(),
    dialogs: new Dialogs(),
    extensions: new Extensions(specs),
    packs: new Packs(api),
    log: new LocalLog(),
  } as unknown as App;
}

/** Let all that is answered at once be heard. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

export function report(name: string, given: Partial<PackReport> = {}): PackReport {
  return {
    name,
    path: `/base/custom_nodes/${name}`,
    version: null,
    kind: 'comfyui',
    state: 'failed',
    seconds: 0.1,
    nodes: [],
    problems: [
      { file: `${name}/__init__.py`, line: 3, message: 'It fails.', remedy: 'Mend it.', traceback: '' },
    ],
    notes: [],
    ...given,
  };
}
