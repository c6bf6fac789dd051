/**
 * Dialogs: what lies over the canvas or beside it: the side panel, dialogs, menus, the palettes, short messages.
 * This holds which are open; app/App.svelte shows them.
 *
 *     if (await dialogs.confirm({ title: texts.t('file.delete'), text, action: texts.t('common.delete') })) …
 *     const name = await dialogs.ask({ title, label, value });
 *     const result = await dialogs.open(() => import('../panels/Versions.svelte'), { tab }); // gets `close(result?)`
 *     dialogs.menu([{ command: 'edit.copy' }, 'separator', { label, run }], { x: event.clientX, y: event.clientY });
 *     dialogs.tell(texts.t('file.saved', { name }));
 */

import type { Component } from 'svelte';
import type { End, LinkId, Point } from '../core/graph.ts';
import { Store } from '../core/store.ts';
import type { IconName } from '../ui/icons.ts';

/** A place in the window, as events give it. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** An entry of a menu. A command brings its own title, shortcut and state. */
export type MenuItem =
  | 'separator'
  | { readonly command: string }
  | {
      readonly label: string;
      readonly icon?: IconName;
      readonly shortcut?: string;
      readonly isEnabled?: boolean;
      readonly isChecked?: boolean;
      readonly isDanger?: boolean;
      readonly run?: () => void | Promise<void>;
      /** A menu inside. */
      readonly items?: readonly MenuItem[];
    };

export interface OpenMenu {
  readonly items: readonly MenuItem[];
  readonly at: Place;
}

/** A link that was let go over nothing: the node that is chosen next is connected to it. */
export interface LooseLink {
  /** The side that is known; the other one is the new node's. */
  readonly side: 'input' | 'output';
  readonly ends: readonly End[];
  readonly type: string;
  /** A link that it takes the place of. */
  readonly replaces: LinkId | null;
}

/** Where the palette of nodes opens and what it does with the one that is chosen. */
export interface PaletteRequest {
  /** In the window; null: in the middle. */
  readonly screen: Place | null;
  /** In the graph: where the node is put. */
  readonly at: Point;
  readonly link?: LooseLink;
  /** A link that the node is put into. */
  readonly on?: LinkId;
}

export type ToastKind = 'info' | 'success' | 'warning' | 'error';

export interface Toast {
  readonly id: number;
  readonly kind: ToastKind;
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** A dialog that is open. `close` ends it with a result; without one it was dismissed. */
export interface OpenDialog {
  readonly id: number;
  readonly load: () => Promise<{ readonly default: AnyComponent }>;
  readonly props: { readonly [name: string]: unknown };
  readonly close: (result?: unknown) => void;
}

/** A component whose props are its own matter. */
export type AnyComponent = Component<any>;

export interface Question {
  readonly title: string;
  readonly text: string;
  /** What the button that agrees says. */
  readonly action: string;
  readonly isDanger?: boolean;
  /** A second way, as "Don't save". */
  readonly other?: string;
}

export interface TextQuestion {
  readonly title: string;
  readonly label: string;
  readonly value?: string;
  readonly action?: string;
  /** Say what is wrong with a text; null: nothing is. */
  readonly check?: (value: string) => string | null;
}

const TOAST_MS: { readonly [kind in ToastKind]: number } = {
  info: 4000,
  success: 3000,
  warning: 7000,
  error: 12000,
};

export class Dialogs {
  /** The panel at the side: an id of app/rail.ts; null: none. */
  readonly panel = new Store<string | null>(null);
  /** What of it the keyboard goes to next; null: it stays where it is. */
  readonly panelFocus = new Store<'panel' | 'search' | null>(null);
  readonly openDialogs = new Store<readonly OpenDialog[]>([]);
  readonly openMenu = new Store<OpenMenu | null>(null);
  readonly palette = new Store<PaletteRequest | null>(null);
  readonly commandPalette = new Store<boolean>(false);
  readonly toasts = new Store<readonly Toast[]>([]);
  #lastId = 0;

  togglePanel(id: string): void {
    this.panel.update((shown) => (shown === id ? null : id));
  }

  /** Open a component as a dialog; it is given `props` and `close`. Returns its result; null if it was dismissed. */
  open<R>(load: OpenDialog['load'], props: OpenDialog['props'] = {}): Promise<R | null> {
    return new Promise((resolve) => {
      const id = ++this.#lastId;
      const close = (result?: unknown): void => {
        this.openDialogs.update((all) => all.filter((each) => each.id !== id));
        resolve((result as R | undefined) ?? null);
      };
      this.openDialogs.update((all) => [...all, { id, load, props, close }]);
    });
  }

  /** Ask yes or no. */
  async confirm(question: Question): Promise<boolean> {
    return (await this.choose(question)) === 'action';
  }

  /** Ask with a second way beside yes and no. */
  choose(question: Question): Promise<'action' | 'other' | null> {
    return this.open(() => import('../ui/ConfirmDialog.svelte'), { question });
  }

  /** Ask for a text; null: the user changed their mind. */
  ask(question: TextQuestion): Promise<string | null> {
    return this.open(() => import('../ui/AskDialog.svelte'), { question });
  }

  menu(items: readonly MenuItem[], at: Place): void {
    this.openMenu.set({ items, at });
  }

  openPalette(request: PaletteRequest): void {
    this.palette.set(request);
  }

  /** Show a short message that goes by itself. */
  tell(text: string, kind: ToastKind = 'info', action?: Toast['action']): void {
    const id = ++this.#lastId;
    const toast: Toast = action === undefined ? { id, kind, text } : { id, kind, text, action };
    this.toasts.update((all) => [...all.filter((each) => each.text !== text), toast].slice(-4));
    setTimeout(() => this.forget(id), TOAST_MS[kind]);
  }

  forget(id: number): void {
    this.toasts.update((all) => all.filter((each) => each.id !== id));
  }
}
