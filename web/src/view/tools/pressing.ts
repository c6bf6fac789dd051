/** A thing is pressed: a click selects it, moving drags it. */

import { type Selection } from '../../core/editor.ts';
import type { Target } from '../../core/hit.ts';
import { Dragging } from './dragging.ts';
import { Panning } from './panning.ts';
import { spotOf, type Pointer, type Tool, type ToolContext } from './tool.ts';

export const DRAG_PIXELS = 4;

export class Pressing implements Tool {
  readonly cursor = '';

  constructor(
    private readonly context: ToolContext,
    private readonly target: Target,
    private readonly start: Pointer,
  ) {}

  move(pointer: Pointer): void {
    const { context, target, start } = this;
    const far = Math.hypot(pointer.screen[0] - start.screen[0], pointer.screen[1] - start.screen[1]);
    if (far < DRAG_PIXELS) return;
    if (target.kind === 'link' || target.kind === 'middle') return context.go(new Panning(context, start));
    if (!isSelected(context.editor.selection.value, target)) select(context, target, start.shift);
    const dragging = new Dragging(context, target, start);
    context.go(dragging);
    dragging.move(pointer);
  }

  up(pointer: Pointer): void {
    const { context, target } = this;
    context.rest();
    if (target.kind === 'middle') context.events.onMenu?.(target, spotOf(pointer));
    else select(context, target, pointer.shift || pointer.mod);
  }
}

/** Select a thing alone, or turn it over in what is selected. */
export function select(context: ToolContext, target: Target, isToggling: boolean): void {
  const { editor } = context;
  const { nodes, groups, reroutes } = editor.selection.value;
  const [node, group, reroute] = idsOf(target);
  if (!isToggling) editor.select(node, group, reroute);
  else editor.select(toggled(nodes, node), toggled(groups, group), toggled(reroutes, reroute));
}

/** Return the ids of nodes, groups and reroutes that a target is. */
function idsOf(target: Target): [string[], string[], string[]] {
  return [
    'node' in target ? [target.node] : [],
    'group' in target ? [target.group] : [],
    'reroute' in target ? [target.reroute] : [],
  ];
}

export function isSelected(selection: Selection, target: Target): boolean {
  const [nodes, groups, reroutes] = idsOf(target);
  const isIn = (ids: string[], set: ReadonlySet<string>) => ids.some((id) => set.has(id));
  return isIn(nodes, selection.nodes) || isIn(groups, selection.groups) || isIn(reroutes, selection.reroutes);
}

function toggled(set: ReadonlySet<string>, ids: readonly string[]): Set<string> {
  const result = new Set(set);
  for (const id of ids) if (!result.delete(id)) result.add(id);
  return result;
}
