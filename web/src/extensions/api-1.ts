/** Version 1 of the API of scripts; types/weft-editor.d.ts says what each part means. */

import type { App } from '../app/context.ts';
import { randomId } from '../app/tabs.ts';
import { addTo } from '../core/store.ts';
import type { Weft1 } from '../../types/weft-editor.d.ts';
import { addCommand, addPanel, guardedItem, runCommand, showPanel } from './api-places.ts';
import { watchRuns } from './api-runs.ts';
import { addedBody, addedWidget } from './api-widgets.ts';
import { makeWorkflow1 } from './api-workflow.ts';
import type { Keeper } from './keeper.ts';

/** Return what one script of a pack works with. url: the script's address. */
export function makeWeft1(app: App, keeper: Keeper, url: string): Weft1 {
  const { pack } = keeper;
  return {
    api: 1,
    pack,
    get language() {
      return app.texts.language.value;
    },
    workflow: makeWorkflow1(app, keeper),
    addWidget: (widget) => keeper.owns(app.extensions.addWidget(addedWidget(keeper, widget))),
    addBody: (body) => keeper.owns(app.extensions.addBody(addedBody(keeper, randomId(), body))),
    addCommand: (command) => addCommand(app, keeper, command),
    addPanel: (panel) => addPanel(app, keeper, panel),
    addMenuItem: (item) => keeper.owns(addTo(app.extensions.menuItems, guardedItem(keeper, item))),
    onMessage: (type, listener) =>
      keeper.owns(app.runs.listen(type, keeper.guarded(`a listener to ${type}`, listener))),
    onRun: (listener) => keeper.owns(watchRuns(app, keeper.guarded('a listener to runs', listener))),
    onEnd: (listener) => void keeper.owns(listener),
    run: (id) => runCommand(app, pack, id),
    showPanel: (id) => showPanel(app, pack, id),
    tell: (text, kind) => app.dialogs.tell(text, kind),
    log: (text) => app.log.add(`${pack}: ${text}`),
    fetch: (path, init) => fetch(app.api.http.url(path), init),
    url: (path) => new URL(path, new URL(url, document.baseURI)).href,
  };
}
