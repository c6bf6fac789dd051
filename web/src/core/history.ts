/**
 * Undo and redo: a list of workflows with the names of the edits between them.
 *
 *     history.do('Move nodes', (workflow) => move(workflow, …));
 *     history.undo(); // "Move nodes"
 */

import type { Path, Workflow } from './graph.ts';
import { Store } from './store.ts';

export interface Step {
  readonly workflow: Workflow;
  /** Where the user was, so that undo shows what it changes. */
  readonly path: Path;
  readonly name: string;
}

const MOST_STEPS = 500;
const MERGE_MS = 800; // edits with one key in this time are one step: typing, dragging a number

export class History {
  readonly present: Store<Step>;
  #past: Step[] = [];
  #future: Step[] = [];
  #lastKey: string | null = null;
  #lastAt = 0;

  constructor(
    workflow: Workflow,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.present = new Store<Step>({ workflow, path: [], name: '' });
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /** Change the workflow as one step. Edits with the same `key` that follow each other quickly are one step. */
  do(name: string, change: (workflow: Workflow) => Workflow, path?: Path, key: string | null = null): void {
    const before = this.present.value;
    const workflow = change(before.workflow);
    if (workflow === before.workflow) return;
    const at = this.now();
    const isSame = key !== null && key === this.#lastKey && at - this.#lastAt < MERGE_MS;
    if (!isSame) this.#past = [...this.#past, before].slice(-MOST_STEPS);
    this.#future = [];
    this.#lastKey = key;
    this.#lastAt = at;
    this.present.set({ workflow, path: path ?? before.path, name });
  }

  /** Change what is and what was alike, without a step: something outside of the workflow is another now. */
  rewrite(change: (workflow: Workflow) => Workflow): void {
    const changed = (step: Step): Step => ({ ...step, workflow: change(step.workflow) });
    this.#past = this.#past.map(changed);
    this.#future = this.#future.map(changed);
    this.present.update(changed);
  }

  undo(): string | null {
    const before = this.#past.pop();
    if (before === undefined) return null;
    const { value } = this.present;
    this.#future.push(value);
    this.#lastKey = null;
    this.present.set({ ...before, path: value.path });
    return value.name;
  }

  redo(): string | null {
    const after = this.#future.pop();
    if (after === undefined) return null;
    this.#past.push(this.present.value);
    this.#lastKey = null;
    this.present.set(after);
    return after.name;
  }
}
