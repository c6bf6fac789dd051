/**
 * Commands: everything that a user can do by name. Menus, the command palette and shortcuts all show this one table.
 *
 *     commands.add({ id: 'edit.undo', shortcut: 'Mod+Z', run: ({ editor }) => editor.history.undo() });
 *
 * Titles are texts of the catalogue (app/texts) under `command.<id>`.
 */

export interface Command<Context> {
  /** `group.name`; groups are the headings of the list of shortcuts. */
  readonly id: string;
  /** As `Mod+Shift+G`; Mod is Ctrl, or Cmd on a Mac. Null: none. Users may change it. */
  readonly shortcut: string | null;
  /** Whether it makes sense now; shown grey otherwise. */
  readonly isEnabled?: (context: Context) => boolean;
  readonly run: (context: Context) => void | Promise<void>;
}

export class Commands<Context> {
  readonly #byId = new Map<string, Command<Context>>();

  add(...commands: readonly Command<Context>[]): void {
    for (const command of commands) {
      if (this.#byId.has(command.id)) throw new Error(`There are two commands ${command.id}.`);
      this.#byId.set(command.id, command);
    }
  }

  remove(id: string): void {
    this.#byId.delete(id);
  }

  get(id: string): Command<Context> | undefined {
    return this.#byId.get(id);
  }

  all(): readonly Command<Context>[] {
    return [...this.#byId.values()];
  }
}
