// Keeps values in the browser, for reading without a network. A browser that refuses keeps nothing, and nothing breaks.

const name = "fil";
const table = "kept";

// Of the page, since a script that comes before opens it for one that comes after: on a slow machine that takes as long as a request.
const opened = Symbol.for("fil.shelf");
const page = globalThis as { [opened]?: Promise<IDBDatabase | undefined> };

/** The browser's store, opened once in a page. */
export function openShelf(): Promise<IDBDatabase | undefined> {
  return (page[opened] ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(table);
      request.onsuccess = () => {
        request.result.onclose = () => delete page[opened]; // as when a person clears what sites keep
        resolve(request.result);
      };
      request.onerror = () => resolve(undefined);
      request.onblocked = () => resolve(undefined);
    } catch {
      resolve(undefined);
    }
  }));
}

export class Shelf {
  constructor() {
    void openShelf(); // what it is first asked for then waits for no opening
  }

  async #ask<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
    const base = await openShelf();
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
