/**
 * Keeper: stands between the editor and one script. It runs the script's functions so that what they throw is told and goes
 * no further, and it knows all that the script added, so that it can be taken away.
 *
 *     const keeper = new Keeper('demo', 'demo.js', (problem) => …);
 *     button.onclick = keeper.guarded('a command', run);
 *     const end = keeper.owns(widgets.add(widget));
 *     keeper.end(); // the widget is gone
 */

export interface Problem {
  readonly pack: string;
  /** The file that threw, as far as it is known; else the script. */
  readonly file: string;
  readonly line: number | null;
  readonly sentence: string;
  /** What the editor had asked of it: "a widget", "a command". */
  readonly doing: string;
  readonly stack: string;
}

const ADDRESS = /\/editor-extensions\/[^/]+\/[^/]+\/([^\s)?#]+?)(?:\?[^:\s)]*)?:(\d+):\d+/;

export class Keeper {
  readonly #ends = new Set<() => void>();
  #isEnded = false;

  constructor(
    readonly pack: string,
    private readonly script: string,
    private readonly tell: (problem: Problem) => void,
  ) {}

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Run one of the script's functions; undefined if it throws. A promise that it returns is watched too. */
  run<R>(doing: string, work: () => R): R | undefined {
    try {
      const result = work();
      if (result instanceof Promise) result.catch((error: unknown) => this.report(doing, error));
      return result;
    } catch (error) {
      this.report(doing, error);
      return undefined;
    }
  }

  guarded<A extends readonly unknown[], R>(
    doing: string,
    work: (...given: A) => R,
  ): (...given: A) => R | undefined {
    return (...given) => this.run(doing, () => work(...given));
  }

  /** Keep what takes something away, to be called at the end; returns it for the script, good for one call. */
  owns(end: () => void): () => void {
    const once = (): void => {
      if (this.#ends.delete(once)) this.run('an end', end);
    };
    this.#ends.add(once);
    if (this.#isEnded) once(); // it was added by something that was still waiting when the script ended
    return once;
  }

  /** Take away all that the script added, the newest first. */
  end(): void {
    this.#isEnded = true;
    for (const end of [...this.#ends].reverse()) end();
  }

  report(doing: string, error: unknown): void {
    this.tell(problemOf(this.pack, this.script, doing, error));
  }
}

/** Return what went wrong, with the place that the stack tells. */
export function problemOf(pack: string, script: string, doing: string, error: unknown): Problem {
  const sentence = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? sentence) : sentence;
  const [, file = script, line] = ADDRESS.exec(stack) ?? [];
  return {
    pack,
    file: decodeURIComponent(file),
    line: line === undefined ? null : Number(line),
    sentence,
    doing,
    stack,
  };
}
