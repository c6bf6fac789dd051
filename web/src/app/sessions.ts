/**
 * Which windows of this browser are open. Each holds a lock with its session's id, which the browser takes away however
 * the window ends. Pages over plain HTTP from another machine have no locks: there the windows are asked.
 *
 *     const sessions = new Sessions(navigator.locks, () => new BroadcastChannel('weft-sessions'));
 *     await sessions.alive(); // ids of the other windows
 *     await sessions.hold(id); // this window is open too
 */

const LOCK = 'weft-session-';
const ANSWER_MS = 300; // a window that is open answers in a few milliseconds, a busy one a little later

type Channel = Pick<BroadcastChannel, 'postMessage' | 'addEventListener'>;
type Message = { readonly asks: true } | { readonly isOpen: string };

export class Sessions {
  readonly #others = new Set<string>();
  #channel: Channel | null = null;
  #held: string | null = null;

  constructor(
    private readonly locks: Pick<LockManager, 'query' | 'request'> | undefined,
    private readonly channel: () => Channel,
  ) {}

  /** Return the sessions whose windows are open. */
  async alive(): Promise<ReadonlySet<string>> {
    if (this.locks === undefined) return this.#ask();
    const { held = [] } = await this.locks.query();
    return new Set(held.flatMap(({ name }) => (name?.startsWith(LOCK) ? [name.slice(LOCK.length)] : [])));
  }

  /** Let other windows know that this one is open, until it is gone. */
  hold(id: string): Promise<void> {
    const { locks } = this;
    if (locks === undefined) {
      this.#held = id;
      this.#open().postMessage({ isOpen: id });
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      void locks.request(LOCK + id, () => {
        resolve();
        return new Promise(() => {});
      });
    });
  }

  async #ask(): Promise<ReadonlySet<string>> {
    this.#open().postMessage({ asks: true });
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
    return this.#others;
  }

  #open(): Channel {
    if (this.#channel !== null) return this.#channel;
    const channel = this.channel();
    channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
      if ('isOpen' in data) this.#others.add(data.isOpen);
      else if (this.#held !== null) channel.postMessage({ isOpen: this.#held });
    });
    this.#channel = channel;
    return channel;
  }
}
