import type { Heartbeat } from "./fix.ts";

/** Where waiting positions survive a reload: one IndexedDB per person, so that no one sends another's. */
const TABLE = "positions";

export class Store {
  private readonly opened: Promise<IDBDatabase | null>;

  constructor(person: string) {
    this.opened = open(`tracker.${person}`);
  }

  /** What an earlier page left behind; empty when storage is blocked. */
  async all(): Promise<Heartbeat[]> {
    const database = await this.opened;
    if (!database) return [];
    return new Promise((resolve) => {
      const request = database.transaction(TABLE).objectStore(TABLE).getAll();
      request.onsuccess = () => resolve(request.result as Heartbeat[]);
      request.onerror = () => resolve([]);
    });
  }

  put(heartbeat: Heartbeat): Promise<boolean> {
    return this.write((table) => table.put(heartbeat));
  }

  remove(heartbeats: readonly Heartbeat[]): Promise<boolean> {
    return this.write((table) => {
      for (const { session, seq } of heartbeats) table.delete([session, seq]);
    });
  }

  /** False when the device could not keep it (storage full or blocked): memory still has it. */
  private async write(change: (table: IDBObjectStore) => unknown): Promise<boolean> {
    const database = await this.opened;
    if (!database) return false;
    return new Promise((resolve) => {
      try {
        const transaction = database.transaction(TABLE, "readwrite");
        transaction.oncomplete = () => resolve(true);
        transaction.onabort = transaction.onerror = () => resolve(false);
        change(transaction.objectStore(TABLE));
      } catch {
        resolve(false);
      }
    });
  }
}

function open(name: string): Promise<IDBDatabase | null> {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: ["session", "seq"] });
      request.onsuccess = () => resolve(request.result);
      request.onerror = request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}
