/**
 * Which values an editor saves for a node type, in order: its widgets and what editors put between them.
 *
 *     [...widgetSlots(spec, () => undefined, node.inputs)].map((slot) => slot.key);
 *     // seed, control_after_generate, steps, cfg, …
 *
 * Documents hold these values without names. Required inputs come first, then the button of an uploaded file, then
 * optional inputs. The inputs that a dynamic choice opens follow it, and so do those that a socket opens when it is linked.
 */

import type { Json } from '../graph.ts';
import { openedInputs, type Sockets } from '../opened.ts';
import type { InputSpec, NodeSpec } from '../specs.ts';
import { controlKey } from '../seed-control.ts';

/**
 * What a saved value is for: a widget; what happens to the value above after a run; by what a choice's control goes;
 * the button of an upload; an input that once had a widget.
 */
export type Role = 'value' | 'control' | 'filter' | 'upload' | 'forced';

/** A place in a node's list of saved values. */
export interface WidgetSlot {
  /** Under which the node keeps it in `widgets`; '' for buttons, which are not kept. */
  readonly key: string;
  readonly role: Role;
  readonly input: InputSpec | null;
}

export const CONTROL = 'control_after_generate';
export const FILTER = 'control_filter_list';
/** Names of saved values that are no inputs, in documents that name them. */
export const BESIDE: ReadonlySet<string> = new Set([
  CONTROL,
  FILTER,
  'upload',
  'choose file to upload', // what the button's value was called in 2023
  'audioUI',
  'videopreview',
]);

/** The key in `widgets` of the text by which a choice's control picks the next value. */
function filterKey(spec: NodeSpec, name: string): string {
  return controlKey(spec, name).replace(CONTROL, FILTER);
}

/** Yield the places of a node's saved values. `valueOf` is asked after a choice's own place was taken. */
export function* widgetSlots(
  spec: NodeSpec,
  valueOf: (key: string) => Json | undefined,
  sockets: Sockets,
): Generator<WidgetSlot> {
  for (const input of spec.inputs) if (!input.isOptional) yield* slotsOf(input, spec, valueOf, sockets);
  if (spec.inputs.some((input) => (input.widget?.upload ?? null) !== null)) {
    yield { key: '', role: 'upload', input: null };
  }
  for (const input of spec.inputs) if (input.isOptional) yield* slotsOf(input, spec, valueOf, sockets);
}

function* slotsOf(
  input: InputSpec,
  spec: NodeSpec,
  valueOf: (key: string) => Json | undefined,
  sockets: Sockets,
): Generator<WidgetSlot> {
  yield* ownSlots(input, spec);
  if (input.isForced) return;
  for (const opened of openedInputs(input, valueOf(input.name), sockets)) {
    if (!opened.isForced) yield* slotsOf(opened, spec, valueOf, sockets);
  }
}

function* ownSlots(input: InputSpec, spec: NodeSpec): Generator<WidgetSlot> {
  const { name, type, widget } = input;
  if (widget === null || input.growth !== null) return;
  if (input.isForced) {
    yield { key: name, role: 'forced', input };
    return;
  }
  yield { key: name, role: 'value', input };
  if (widget.hasControl) {
    yield { key: controlKey(spec, name), role: 'control', input };
    if (type !== 'INT' && type !== 'FLOAT') yield { key: filterKey(spec, name), role: 'filter', input };
  }
}
