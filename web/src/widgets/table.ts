/**
 * Which widget is made for which kind of value. A new kind is one line here; plugins add theirs with `register`, which
 * then come before the built-in ones.
 *
 *     widgets.register('color', (element, given) => { … return { update, destroy }; });
 */

import { getContext, setContext, type Component } from 'svelte';
import type { WidgetKind, WidgetSpec } from '../core/specs.ts';
import ChoiceWidget from './ChoiceWidget.svelte';
import ColourWidget from './ColourWidget.svelte';
import type { WidgetMount, WidgetProps } from './contract.ts';
import FileWidget from './FileWidget.svelte';
import MultilineWidget from './MultilineWidget.svelte';
import NumberWidget from './NumberWidget.svelte';
import SeedWidget from './SeedWidget.svelte';
import TextWidget from './TextWidget.svelte';
import { mountToggle } from './toggle.ts';
import UnknownWidget from './UnknownWidget.svelte';

export type Made =
  | { readonly component: Component<WidgetProps>; readonly mount?: undefined }
  | { readonly mount: WidgetMount; readonly component?: undefined };

const BUILT_IN: { readonly [kind in WidgetKind]: Made } = {
  int: { component: NumberWidget },
  float: { component: NumberWidget },
  text: { component: TextWidget },
  multiline: { component: MultilineWidget },
  toggle: { mount: mountToggle },
  choice: { component: ChoiceWidget },
  seed: { component: SeedWidget },
  color: { component: ColourWidget },
  file: { component: FileWidget },
  unknown: { component: UnknownWidget },
};

/** Widgets that are there beside the built-in ones. */
export class Widgets {
  readonly #mounts = new Map<WidgetKind, WidgetMount>();

  /** Have a function make all widgets of a kind. Nodes that are shown keep theirs until they are drawn anew. */
  register(kind: WidgetKind, mount: WidgetMount): void {
    this.#mounts.set(kind, mount);
  }

  of(kind: WidgetKind): Made {
    const mount = this.#mounts.get(kind);
    return mount === undefined ? BUILT_IN[kind] : { mount };
  }
}

/** Return the kind that a value is shown as: whole numbers may be colours (`display: color`). */
export function shownKind({ kind, options }: WidgetSpec): WidgetKind {
  return options['display'] === 'color' && (kind === 'int' || kind === 'text') ? 'color' : kind;
}

const KEY = Symbol('widgets');
const PLAIN: Pick<Widgets, 'of'> = { of: (kind) => BUILT_IN[kind] };

/** Let the components inside make these widgets. */
export function provideWidgets(widgets: Widgets): Widgets {
  return setContext(KEY, widgets);
}

export function useWidgets(): Pick<Widgets, 'of'> {
  return getContext<Widgets | undefined>(KEY) ?? PLAIN;
}
