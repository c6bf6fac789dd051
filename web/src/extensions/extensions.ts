/**
 * Extensions: what scripts of node packs have added to the editor: widgets, bodies of nodes, panels, items of menus. The
 * canvas and the panels look here; scripts reach it through their API only (api-1.ts).
 */

import type { RailPanel } from '../app/rail.ts';
import { withFittings } from '../core/fittings.ts';
import type { BodySpec, Specs } from '../core/specs.ts';
import { addTo, Store } from '../core/store.ts';
import { Widgets, type AddedWidget } from '../widgets/table.ts';
import type { BodyGiven1, MenuItem1, Mounted1 } from '../../types/weft-editor.d.ts';

export interface AddedBody {
  readonly spec: BodySpec;
  /** Types of nodes. */
  readonly nodes: ReadonlySet<string>;
  readonly mount: (element: HTMLElement, given: BodyGiven1) => Mounted1<BodyGiven1>;
}

export class Extensions {
  readonly widgets = new Widgets();
  readonly panels = new Store<readonly RailPanel[]>([]);
  readonly menuItems = new Store<readonly MenuItem1[]>([]);
  readonly #bodies = new Store<readonly AddedBody[]>([]);
  #plain: Specs;

  /** specs: what the editor knows of node types; it is kept in step with what was added. */
  constructor(private readonly specs: Store<Specs>) {
    this.#plain = specs.value;
  }

  /** Take the node types as the server describes them. */
  takeSpecs(plain: Specs): void {
    this.#plain = plain;
    this.#fit();
  }

  addWidget(widget: AddedWidget): () => void {
    return this.#fitting(this.widgets.add(widget));
  }

  addBody(body: AddedBody): () => void {
    return this.#fitting(addTo(this.#bodies, body));
  }

  /** Return what a registration shows; undefined if it has ended. */
  body(id: string): AddedBody | undefined {
    return this.#bodies.value.find(({ spec }) => spec.id === id);
  }

  #fitting(end: () => void): () => void {
    this.#fit();
    return () => {
      end();
      this.#fit();
    };
  }

  #fit(): void {
    const bodies = this.#bodies.value;
    this.specs.set(
      withFittings(this.#plain, {
        heightOf: (node, input) => this.widgets.heightOf(node, input),
        bodyOf: (node) => bodies.findLast(({ nodes }) => nodes.has(node))?.spec ?? null,
      }),
    );
  }
}
