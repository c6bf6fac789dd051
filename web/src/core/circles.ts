/**
 * Circles: a link from an output to an input that this output already depends on would close one, and nothing could
 * run. Inside of subgraphs only what leads from a port to a port counts.
 *
 *     const dependence = new Dependence(graph, workflow.subgraphs);
 *     dependence.inputsBefore({ node: '5', slot: 0 }); // inputs that no link from that output may go to
 */

import { INPUT_NODE, OUTPUT_NODE, type End, type Graph, type GraphNode, type Subgraph } from './graph.ts';

/** An end as a key of sets: `5/0`. */
export function endKey({ node, slot }: End): string {
  return `${node}/${slot}`;
}

/** Input slots to the output slots that depend on them. */
type Ways = ReadonlyMap<number, ReadonlySet<number>>;

export class Dependence {
  readonly #ways: Map<string, Ways>;

  constructor(
    private readonly graph: Graph,
    private readonly subgraphs: ReadonlyMap<string, Subgraph>,
    known: Map<string, Ways> = new Map(),
  ) {
    this.#ways = known;
  }

  /** Return the keys of the outputs that depend on inputs, among them those of OUTPUT_NODE that they lead to. */
  outputsBehind(starts: readonly End[]): ReadonlySet<string> {
    const found = new Set<string>();
    this.#walk(starts, (to) => {
      if (to.node === OUTPUT_NODE) found.add(endKey(to));
      return this.#outputsOf(to).flatMap((from) => {
        found.add(endKey(from));
        const links = this.graph.nodes.get(from.node)?.outputs[from.slot]?.links ?? [];
        return links.flatMap((id) => this.graph.links.get(id)?.to ?? []);
      });
    });
    return found;
  }

  /** Return the keys of the inputs that an output depends on. */
  inputsBefore(start: End): ReadonlySet<string> {
    const found = new Set<string>();
    this.#walk([start], (from) =>
      this.#inputsOf(from).flatMap((to) => {
        found.add(endKey(to));
        const link = this.graph.nodes.get(to.node)?.inputs[to.slot]?.link ?? null;
        return link === null ? [] : (this.graph.links.get(link)?.from ?? []);
      }),
    );
    return found;
  }

  #walk(starts: readonly End[], next: (end: End) => readonly End[]): void {
    const seen = new Set(starts.map(endKey));
    const ahead = [...starts];
    for (let end = ahead.pop(); end !== undefined; end = ahead.pop()) {
      for (const one of next(end)) {
        if (seen.has(endKey(one))) continue;
        seen.add(endKey(one));
        ahead.push(one);
      }
    }
  }

  #outputsOf({ node: id, slot }: End): End[] {
    const node = this.graph.nodes.get(id);
    const ways = node && this.#waysOf(node);
    return (node?.outputs ?? [])
      .map((_, output): End => ({ node: id, slot: output }))
      .filter((end) => ways === null || ways?.get(slot)?.has(end.slot) === true);
  }

  #inputsOf({ node: id, slot }: End): End[] {
    const node = this.graph.nodes.get(id);
    const ways = node && this.#waysOf(node);
    return (node?.inputs ?? [])
      .map((_, input): End => ({ node: id, slot: input }))
      .filter((end) => ways === null || ways?.get(end.slot)?.has(slot) === true);
  }

  /** Return the ways through a subgraph's node; null for other nodes, whose outputs depend on all inputs. */
  #waysOf({ type }: GraphNode): Ways | null {
    const subgraph = this.subgraphs.get(type);
    if (subgraph === undefined) return null;
    const known = this.#ways.get(type);
    if (known !== undefined) return known;
    this.#ways.set(type, new Map()); // for subgraphs that hold themselves
    const inner = new Dependence(subgraph.graph, this.subgraphs, this.#ways);
    const links = [...subgraph.graph.links.values()].filter(({ from }) => from.node === INPUT_NODE);
    const ways = subgraph.inputs.map((_, input): [number, Set<number>] => {
      const starts = links.filter(({ from }) => from.slot === input).map(({ to }) => to);
      const reached = inner.outputsBehind(starts);
      const outputs = subgraph.outputs.map((_, slot) => slot);
      return [input, new Set(outputs.filter((slot) => reached.has(endKey({ node: OUTPUT_NODE, slot }))))];
    });
    this.#ways.set(type, new Map(ways));
    return this.#ways.get(type) as Ways;
  }
}

/** Whether a link from an output to an input would close a circle. */
export function closesCircle(
  graph: Graph,
  subgraphs: ReadonlyMap<string, Subgraph>,
  from: End,
  to: End,
): boolean {
  return new Dependence(graph, subgraphs).outputsBehind([to]).has(endKey(from));
}
