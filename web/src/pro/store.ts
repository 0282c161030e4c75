/** What survives a reload: one IndexedDB per person, so that no one sends another's. */
const TABLES = {
  positions: ["session", "seq"],
  errands: "key",
  /** The last known jobs and the like, under names of their own. */
  notes: null,
} as const;
export type Table = keyof typeof TABLES;

/** 1: positions. 2: errands and notes. */
const VERSION = 2;

export class Store {
  private readonly opened: Promise<IDBDatabase | null>;

  constructor(person: string) {
    this.opened = open(`tracker.${person}`);
  }

  /** Everything of a table; empty when storage is blocked. */
  async all<T>(table: Table): Promise<T[]> {
    const database = await this.opened;
    if (!database) return [];
    return new Promise((resolve) => {
      const request = database.transaction(table).objectStore(table).getAll();
      request.onsuccess = () => resolve(request.result as T[]);
      request.onerror = () => resolve([]);
    });
  }

  /** What was noted under a name; null when there is nothing. */
  async note<T>(name: string): Promise<T | null> {
    const database = await this.opened;
    if (!database) return null;
    return new Promise((resolve) => {
      const request = database.transaction("notes").objectStore("notes").get(name);
      request.onsuccess = () => resolve((request.result as T | undefined) ?? null);
      request.onerror = () => resolve(null);
    });
  }

  takeNote(name: string, value: unknown): Promise<boolean> {
    return this.write("notes", (table) => table.put(value, name));
  }

  /** False when the device could not keep it (storage full or blocked): then only memory has it. */
  async write(table: Table, change: (table: IDBObjectStore) => unknown): Promise<boolean> {
    const database = await this.opened;
    if (!database) return false;
    return new Promise((resolve) => {
      try {
        const transaction = database.transaction(table, "readwrite");
        transaction.oncomplete = () => resolve(true);
        transaction.onabort = transaction.onerror = () => resolve(false);
        change(transaction.objectStore(table));
      } catch {
        resolve(false);
      }
    });
  }
}

function open(name: string): Promise<IDBDatabase | null> {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open(name, VERSION);
      request.onupgradeneeded = () => {
        const database = request.result;
        for (const [table, keyPath] of Object.entries(TABLES)) {
          if (database.objectStoreNames.contains(table)) continue;
          database.createObjectStore(table, keyPath === null ? {} : { keyPath: typeof keyPath === "string" ? keyPath : [...keyPath] });
        }
      };
      request.onsuccess = () => {
        // A later build in another tab needs another version: it must not wait for this one.
        request.result.onversionchange = () => request.result.close();
        resolve(request.result);
      };
      request.onerror = request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}
