/**
 * What extensions change in the look of nodes, as far as places and sizes go: heights of their widgets, and room for what
 * they show. It is put into the specs, from which all geometry is computed.
 *
 *     withFittings(specs, { heightOf: () => null, bodyOf: ({ type }) => (type === 'Rate' ? body : null) });
 */

import type { BodySpec, InputSpec, NodeSpec, Specs } from './specs.ts';

export interface Fittings {
  /** The height of the widget that an extension brings for an input; null: it brings none, or one of the usual height. */
  readonly heightOf: (node: string, input: InputSpec) => number | null;
  readonly bodyOf: (node: string) => BodySpec | null;
}

/** Return the specs with all fittings; those that have none are the same values, so that their nodes are not placed anew. */
export function withFittings(specs: Specs, fittings: Fittings): Specs {
  return new Map([...specs].map(([type, spec]) => [type, fitted(spec, fittings)]));
}

function fitted(spec: NodeSpec, { heightOf, bodyOf }: Fittings): NodeSpec {
  const inputs = spec.inputs.map((input) => withHeight(input, heightOf(spec.type, input)));
  const body = bodyOf(spec.type);
  const isSame = body === null && inputs.every((input, at) => input === spec.inputs[at]);
  if (isSame) return spec;
  return { ...spec, inputs, ...(body === null ? {} : { body }) };
}

function withHeight(input: InputSpec, height: number | null): InputSpec {
  if (input.widget === null || height === null) return input;
  return { ...input, widget: { ...input.widget, height } };
}
