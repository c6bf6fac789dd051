/**
 * Which widget is made for which value. A new kind is one line here; extensions add theirs, which then come before the
 * built-in ones, the newest first.
 *
 *     const end = widgets.add({ for: 'STARS', height: 26, mount: (element, given) => ({ update, destroy }) });
 */

import { getContext, setContext, type Component } from 'svelte';
import { createSubscriber } from 'svelte/reactivity';
import type { InputSpec, WidgetKind, WidgetSpec } from '../core/specs.ts';
import { widgetName } from '../core/specs-widgets.ts';
import { Store } from '../core/store.ts';
import ChoiceWidget from './ChoiceWidget.svelte';
import ColourWidget from './ColourWidget.svelte';
import type { WidgetAt, WidgetMount, WidgetProps } from './contract.ts';
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

/** A widget that is there beside the built-in ones. */
export interface AddedWidget {
  /** The name of a widget (core/specs-widgets.ts), or one input of one node type. */
  readonly for: string | { readonly node: string; readonly input: string };
  /** Null: the usual one. */
  readonly height: number | null;
  readonly mount: WidgetMount;
}

/** Widgets that are there beside the built-in ones. In components `of` follows them by itself. */
export class Widgets {
  readonly #added = new Store<readonly AddedWidget[]>([]);
  readonly #follow = createSubscriber((update) => this.#added.watch(update));

  /** Have a function make some widgets, also those that are shown already; returns what ends that. */
  add(widget: AddedWidget): () => void {
    this.#added.update((all) => [widget, ...all]);
    return () => this.#added.update((all) => all.filter((each) => each !== widget));
  }

  of({ node, input }: WidgetAt): Made {
    this.#follow();
    const mount = this.#find(node.type, input)?.mount;
    return mount === undefined ? builtIn({ input }) : { mount };
  }

  /** Return the height of the added widget of an input; null if it has none, or one of the usual height. */
  heightOf(node: string, input: InputSpec): number | null {
    return this.#find(node, input)?.height ?? null;
  }

  #find(node: string, { name, type, widget }: InputSpec): AddedWidget | undefined {
    if (widget === null || this.#added.value.length === 0) return undefined;
    const wanted = widgetName(type, widget);
    return this.#added.value.find((each) =>
      typeof each.for === 'string' ? each.for === wanted : each.for.node === node && each.for.input === name,
    );
  }
}

/** Return the widget that an input's value has without extensions. */
export function builtIn({ input: { widget } }: Pick<WidgetAt, 'input'>): Made {
  return BUILT_IN[widget === null ? 'unknown' : shownKind(widget)];
}

/** Return the kind that a value is shown as: whole numbers may be colours (`display: color`). */
function shownKind({ kind, options }: WidgetSpec): WidgetKind {
  return options['display'] === 'color' && (kind === 'int' || kind === 'text') ? 'color' : kind;
}

const KEY = Symbol('widgets');
const PLAIN: Pick<Widgets, 'of'> = { of: builtIn };

/** Let the components inside make these widgets. */
export function provideWidgets(widgets: Widgets): Widgets {
  return setContext(KEY, widgets);
}

export function useWidgets(): Pick<Widgets, 'of'> {
  return getContext<Widgets | undefined>(KEY) ?? PLAIN;
}
