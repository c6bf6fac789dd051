/** Node types as the server's /object_info describes them, read once into a form that editors want. */

import type { Json, JsonObject } from './graph.ts';

export type WidgetKind =
  'int' | 'float' | 'text' | 'multiline' | 'toggle' | 'choice' | 'seed' | 'color' | 'file' | 'unknown';

export interface WidgetSpec {
  readonly kind: WidgetKind;
  readonly default: Json;
  readonly min: number | null;
  readonly max: number | null;
  readonly step: number | null;
  readonly round: number | null;
  readonly display: 'number' | 'slider';
  readonly choices: readonly Json[];
  readonly placeholder: string;
  readonly labels: readonly [off: string, on: string];
  /** Editors change the value after each run: fixed, increment, decrement, randomize. */
  readonly hasControl: boolean;
  /** Where a file may be uploaded to; null if none may. */
  readonly upload: 'image' | 'video' | 'audio' | 'file' | null;
  /** Kept for old files: it is not drawn, but its value stays in the list of saved ones. */
  readonly isHidden: boolean;
  readonly options: JsonObject;
  /** Of the widget that an extension brings, if it does; see core/fittings.ts. */
  readonly height?: number;
}

export interface InputSpec {
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
  readonly tooltip: string;
  /** Null: only a link can give it. */
  readonly widget: WidgetSpec | null;
  /** A socket even though it has a widget (`forceInput`). */
  readonly isForced: boolean;
  /** Sockets that grow, by what they are called behind the name: `images.image0`, `images.image1` … */
  readonly growth: { readonly names: readonly string[]; readonly min: number } | null;
  /** Inputs that are there while a link comes into this socket, as /object_info describes them, by group. */
  readonly beside: JsonObject | null;
}

/** Whether editors offer an input: hidden widgets are there for files that have a value or a link for them. */
export function isOffered({ widget }: InputSpec): boolean {
  return widget?.isHidden !== true;
}

export interface OutputSpec {
  readonly name: string;
  readonly type: string;
  readonly isList: boolean;
  readonly tooltip: string;
}

export interface NodeSpec {
  readonly type: string;
  readonly title: string;
  readonly category: string;
  readonly description: string;
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly OutputSpec[];
  readonly isOutput: boolean;
  readonly isDeprecated: boolean;
  readonly isExperimental: boolean;
  readonly aliases: readonly string[];
  /** The primary name of a type that this is another name of; null for types of their own. */
  readonly aliasOf: string | null;
  readonly module: string;
  /** What an extension shows in its nodes; see core/fittings.ts. */
  readonly body?: BodySpec;
}

/** Something that an extension shows in nodes, below their widgets or in place of them. */
export interface BodySpec {
  /** Of the registration. */
  readonly id: string;
  readonly isInstead: boolean;
  /** The least. */
  readonly height: number;
}

export type Specs = ReadonlyMap<string, NodeSpec>;
