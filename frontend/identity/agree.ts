// Several tabs of a new visitor may propose an id each, at the same time. The first one to write it down here decides for all.
// IndexedDB is what is atomic between tabs: localStorage may lag behind another tab's write, and Web Locks are missing on pages
// without TLS. A tab comes here only when it has no valid id, so the usual visit does not pay for it.
import { keyHere } from '../session/storage.ts';

const store = 'visitor';
const only = 'id';
// Some browsers never answer. An id of one's own is better than none.
const deadlineMs = 1_000;

/** Whether `text` can be an id. fetch refuses other characters in a header, and the page would report a lost network. */
export const isId = (text: unknown): text is string => typeof text === 'string' && /^[\w.-]{1,100}$/.test(text);

/** Resolves to the id that replaces `former` in all tabs: `proposed`, or the id that another tab proposed first. */
export async function agree(proposed: string, former: string | undefined): Promise<string> {
  const late = new Promise<string>((resolve) => setTimeout(() => resolve(proposed), deadlineMs));
  // Where storage is blocked, each tab is on its own.
  return Promise.race([swap(proposed, former).catch(() => proposed), late]);
}

async function swap(proposed: string, former: string | undefined): Promise<string> {
  const database = await open();
  try {
    return await new Promise<string>((resolve, reject) => {
      let agreed = proposed;
      const transaction = database.transaction(store, 'readwrite');
      const ids = transaction.objectStore(store);
      const found = ids.get(only);
      found.onsuccess = () => {
        if (isId(found.result) && found.result !== former) agreed = found.result;
        else ids.put(proposed, only);
      };
      transaction.oncomplete = () => resolve(agreed);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(keyHere('warmterm'), 1);
    request.onupgradeneeded = () => request.result.createObjectStore(store);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
