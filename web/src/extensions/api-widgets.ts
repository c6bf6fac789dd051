/** Widgets and bodies of scripts, as the editor mounts its own: whatever they throw is told. */

import type { JsonObject } from '../core/graph.ts';
import { WIDGET_HEIGHT } from '../core/geometry.ts';
import type { MountedWidget, WidgetGiven, WidgetMount } from '../widgets/contract.ts';
import type { AddedWidget } from '../widgets/table.ts';
import type { Body1, BodyGiven1, Mounted1, Widget1, WidgetGiven1 } from '../../types/weft-editor.d.ts';
import type { AddedBody } from './extensions.ts';
import type { Keeper } from './keeper.ts';

const LARGEST = 2000; // of a widget or a body; a node stays something that fits a screen

export function addedWidget(keeper: Keeper, widget: Widget1): AddedWidget {
  const mount = typeof widget.mount === 'string' ? mountTag(widget.mount) : widget.mount;
  const height = widget.height === undefined ? null : heightOf(widget.height, WIDGET_HEIGHT);
  return { for: widget.for, height, mount: safely(keeper, mount) };
}

export function addedBody(keeper: Keeper, id: string, body: Body1): AddedBody {
  const { nodes, place = 'below', height, mount } = body;
  const spec = { id, isInstead: place === 'instead', height: heightOf(height, 0) };
  return {
    spec,
    nodes: new Set(nodes),
    mount: (element, given) => mounted(keeper, 'the body of a node', () => mount(element, given)) ?? {},
  };
}

function heightOf(height: unknown, least: number): number {
  if (typeof height !== 'number' || !(height >= least && height <= LARGEST))
    throw new Error(`The height ${String(height)} is not in ${least}..${LARGEST}.`);
  return height;
}

type Mount = Exclude<Widget1['mount'], string>;

/** Return what makes a custom element and keeps its property `given`. */
function mountTag(tag: string): Mount {
  if (customElements.get(tag) === undefined)
    throw new Error(`There is no custom element ${tag}; call customElements.define before addWidget.`);
  return (parent, first) => {
    const element = document.createElement(tag) as HTMLElement & { given?: WidgetGiven1 };
    element.given = first;
    parent.append(element);
    return {
      update: (given) => void (element.given = given),
      destroy: () => element.remove(),
    };
  };
}

function safely(keeper: Keeper, mount: Mount): WidgetMount {
  return (element, first): MountedWidget | null => {
    // what `set` changes may be another node's by the time that it is called: `onChange` knows
    const set = (value: WidgetGiven1['value']): void => first.onChange(value);
    const shown = mounted(keeper, 'a widget', () => mount(element, givenOf(first, set)));
    if (shown === null) return null;
    return {
      update: (given) => shown.update?.(givenOf(given, set)),
      destroy: () => shown.destroy?.(),
    };
  };
}

/** Run a script's mount; what it returns is run as safely. Null if it throws. */
function mounted<Given extends WidgetGiven1 | BodyGiven1>(
  keeper: Keeper,
  doing: string,
  mount: () => Mounted1<Given> | void,
): Mounted1<Given> | null {
  const made = keeper.run(doing, () => mount() ?? {});
  if (made === undefined) return null;
  return {
    ...(made.update && { update: keeper.guarded(doing, (now: Given) => made.update?.(now)) }),
    ...(made.destroy && { destroy: keeper.guarded(doing, () => made.destroy?.()) }),
  };
}

function givenOf(given: WidgetGiven, set: WidgetGiven1['set']): WidgetGiven1 {
  const { value, spec, name, label, isDisabled, at } = given;
  const options: JsonObject = { ...spec.options, tooltip: at.input.tooltip };
  return { value, set, name, label, options, isDisabled, node: at.node };
}
