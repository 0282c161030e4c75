/** What the browser remembers for us; storage that is blocked or full is as good as empty. */

export function recall(storage: () => Storage, key: string): string | null {
  try {
    return storage().getItem(key);
  } catch {
    return null;
  }
}

export function remember(storage: () => Storage, key: string, value: string): void {
  try {
    storage().setItem(key, value);
  } catch {
    // Then it lasts as long as the page.
  }
}

export function forget(storage: () => Storage, key: string): void {
  try {
    storage().removeItem(key);
  } catch {
    // Then there was nothing to forget.
  }
}
