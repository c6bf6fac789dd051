/**
 * Shortcuts: which keys start which command. Users change any of them; the changes are one setting.
 *
 *     shortcuts.of('edit.undo'); // 'Mod+Z'
 *     shortcuts.change('edit.undo', 'Mod+U');
 *     shortcuts.commandFor('Mod+U')?.id; // 'edit.undo'
 */

import type { Command, Commands } from '../core/commands.ts';
import type { Json } from '../core/graph.ts';
import { Store } from '../core/store.ts';
import type { Setting, Settings } from './settings.ts';

type Changes = { readonly [command: string]: string };

/** By command: the keys that the user chose; an empty text: none. */
export const SHORTCUTS: Setting<Changes> = { id: 'Weft.Shortcuts', default: {}, control: { kind: 'hidden' } };

export class Shortcuts<Context> {
  readonly changes: Store<Changes>;

  constructor(
    private readonly commands: Commands<Context>,
    settings: Settings,
  ) {
    this.changes = settings.of(
      SHORTCUTS as Setting<{ readonly [key: string]: Json }>,
    ) as unknown as Store<Changes>;
  }

  /** Return the keys of a command; null if it has none. */
  of(id: string): string | null {
    const changed = this.changes.value[id];
    if (changed !== undefined) return changed === '' ? null : changed;
    return this.commands.get(id)?.shortcut ?? null;
  }

  isChanged(id: string): boolean {
    return this.changes.value[id] !== undefined;
  }

  /** Give a command other keys; null: none. */
  change(id: string, shortcut: string | null): void {
    const standard = this.commands.get(id)?.shortcut ?? null;
    if (shortcut === standard) return this.reset(id);
    this.changes.update((all) => ({ ...all, [id]: shortcut ?? '' }));
  }

  /** Give a command its first keys back. */
  reset(id: string): void {
    this.changes.update(({ [id]: _, ...rest }) => rest);
  }

  resetAll(): void {
    this.changes.set({});
  }

  /** Return the command that keys start. Of several, one that the user chose wins. */
  commandFor(shortcut: string): Command<Context> | undefined {
    const fitting = this.commands.all().filter(({ id }) => this.of(id) === shortcut);
    return fitting.find(({ id }) => this.isChanged(id)) ?? fitting[0];
  }

  /** Return the ids of other commands with the same keys. */
  conflicts(id: string): readonly string[] {
    const shortcut = this.of(id);
    if (shortcut === null) return [];
    return this.commands
      .all()
      .flatMap((other) => (other.id !== id && this.of(other.id) === shortcut ? [other.id] : []));
  }
}
