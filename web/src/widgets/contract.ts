/**
 * What a widget is given and gives back. Most built-in widgets are Svelte components with these props; others, and those of
 * extensions (extensions/api-widgets.ts), are functions that fill an element:
 *
 *     const mount: WidgetMount = (element, given) => {
 *       const input = document.createElement('input');
 *       input.oninput = () => given.onChange(input.value);
 *       element.append(input);
 *       return { update: (now) => { input.value = String(now.value); }, destroy: () => input.remove() };
 *     };
 */

import type { Json } from '../core/graph.ts';
import type { ControlMode } from '../core/seed-control.ts';
import type { InputSpec, WidgetSpec } from '../core/specs.ts';

/** Whose value it is. */
export interface WidgetAt {
  readonly node: { readonly id: string; readonly type: string; readonly title: string };
  readonly input: InputSpec;
}

export interface WidgetGiven {
  readonly at: WidgetAt;
  readonly value: Json;
  readonly spec: WidgetSpec;
  /** What is shown beside the value. */
  readonly name: string;
  /** What screen readers say: the node's title and the name. */
  readonly label: string;
  /** A link gives the value. */
  readonly isDisabled: boolean;
  readonly onChange: (value: Json) => void;
}

export interface WidgetProps extends WidgetGiven {
  /** Of widgets that change after each run. */
  readonly afterRun: ControlMode;
  readonly onAfterRun: (value: ControlMode) => void;
}

export interface MountedWidget {
  /** Show what is given now. `onChange` stays good. */
  update(given: WidgetGiven): void;
  destroy(): void;
}

/** Null: it cannot be made; the value has the built-in widget then. */
export type WidgetMount = (element: HTMLElement, given: WidgetGiven) => MountedWidget | null;
