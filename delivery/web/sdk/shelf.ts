// Keeps values in the browser, for reading without a network. A browser that refuses keeps nothing, and nothing breaks.

const name = "fil";
const table = "kept";

export class Shelf {
  // Opened at once: what it is first asked for then waits for no opening.
  #base: Promise<IDBDatabase | undefined> = this.#open();

  #open(): Promise<IDBDatabase | undefined> {
    return new Promise((resolve) => {
      try {
        const request = indexedDB.open(name, 1);
        request.onupgradeneeded = () => request.result.createObjectStore(table);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => resolve(undefined);
        request.onblocked = () => resolve(undefined);
      } catch {
        resolve(undefined);
      }
    });
  }

  async #ask<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
    const base = await this.#base;
    return new Promise((resolve) => {
      try {
        if (!base) return resolve(undefined);
        const request = work(base.transaction(table, mode).objectStore(table));
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => resolve(undefined);
      } catch {
        resolve(undefined);
      }
    });
  }

  get<T>(key: string): Promise<T | undefined> {
    return this.#ask<T>("readonly", (store) => store.get(key) as IDBRequest<T>);
  }

  async put(key: string, value: unknown): Promise<void> {
    await this.#ask("readwrite", (store) => store.put(value, key));
  }

  async remove(key: string): Promise<void> {
    await this.#ask("readwrite", (store) => store.delete(key));
  }
}
