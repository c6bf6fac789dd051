/**
 * A small database in this browser: drafts of open workflows and what workflows were before.
 *
 *     const database = await openDatabase();
 *     await database.put('drafts', draft);
 */

const NAME = 'weft';
const VERSION = 1;

export type Table = 'drafts' | 'versions';

export class Database {
  constructor(private readonly idb: IDBDatabase) {}

  async all<T>(table: Table): Promise<T[]> {
    return (await done(this.#table(table, 'readonly').getAll())) as T[];
  }

  /** Return the rows of the `versions` of one document, the oldest first. */
  async versionsOf<T>(key: string): Promise<T[]> {
    return (await done(this.#table('versions', 'readonly').index('document').getAll(key))) as T[];
  }

  async put(table: Table, row: object): Promise<void> {
    await done(this.#table(table, 'readwrite').put(row));
  }

  async delete(table: Table, ids: readonly string[]): Promise<void> {
    const store = this.#table(table, 'readwrite');
    await Promise.all(ids.map((id) => done(store.delete(id))));
  }

  #table(table: Table, mode: IDBTransactionMode): IDBObjectStore {
    return this.idb.transaction(table, mode, { durability: 'relaxed' }).objectStore(table);
  }
}

/** Open the database; null where the browser forbids it (private windows of some). */
export async function openDatabase(
  factory: IDBFactory | undefined = globalThis.indexedDB,
): Promise<Database | null> {
  if (factory === undefined) return null;
  try {
    const request = factory.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('drafts', { keyPath: 'id' });
      const versions = request.result.createObjectStore('versions', { keyPath: 'id' });
      versions.createIndex('document', 'document');
    };
    return new Database(await done(request));
  } catch {
    return null;
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('The browser could not keep it.'));
  });
}
