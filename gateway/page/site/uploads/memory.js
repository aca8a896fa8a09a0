/**
 * What was under way, over a reload: in IndexedDB, as it also keeps handles of files where a browser has them.
 *
 * Each tab holds a lock as long as it lives. So a tab that begins can tell what it may take over from what another
 * tab is uploading.
 */

import { locks } from "../server/locks.js";
import { newId } from "./ids.js";
import { noteRemembered } from "./ongoing.js";

const LOCK = "tonearm.tab.";
const TAB = newId();
const FIELDS = ["id", "account", "name", "size", "lastModified", "type", "url", "options", "handle"];
const LIFE = 7 * 24 * 3600 * 1000; // ms, after which a server has forgotten an upload, or its person has

locks.request(LOCK + TAB, () => new Promise(() => {}));

/** Remember uploads, or what has changed of them. */
export async function remember(uploads) {
  noteRemembered(true);
  await change((store) => {
    for (const upload of uploads) {
      const kept = Object.fromEntries(FIELDS.map((field) => [field, upload[field]]));
      store.put({ ...kept, tab: TAB, time: Date.now() });
    }
  });
}

/** Forget an upload. */
export async function forget(id) {
  await change((store) => {
    store.delete(id);
    noteLeft(store);
  });
}

/** Forget all uploads of an account: it is no more. */
export function forgetAccount(account) {
  return forgetThose((each) => each.account === account);
}

/** Take over what an account's closed tabs have left, and what is this tab's. What is too old is forgotten, whose ever it was. */
export async function takeOver(account) {
  const { held } = await locks.query();
  const alive = new Set(held.map(({ name }) => name));
  const left = [];
  await forgetThose(({ tab, time = 0 }) => time < Date.now() - LIFE && !alive.has(LOCK + tab));
  await change((store) => {
    const all = store.getAll();
    all.onsuccess = () => {
      for (const each of all.result) {
        if (each.account !== account || (each.tab !== TAB && alive.has(LOCK + each.tab))) continue;
        left.push(each);
        store.put({ ...each, tab: TAB });
      }
    };
  });
  return left;
}

function forgetThose(fits) {
  return change((store) => {
    const all = store.getAll();
    all.onsuccess = () => {
      for (const each of all.result) if (fits(each)) store.delete(each.id);
      noteLeft(store);
    };
  });
}

function noteLeft(store) {
  const left = store.count();
  left.onsuccess = () => noteRemembered(left.result > 0);
}

/** Do something with the store in one transaction. Where there is no store, nothing is remembered. */
async function change(act) {
  try {
    const database = await (opened ??= open());
    await new Promise((resolve, reject) => {
      const transaction = database.transaction("uploads", "readwrite");
      transaction.oncomplete = resolve;
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
      act(transaction.objectStore("uploads"));
    });
  } catch (error) {
    console.warn(error); // a private window, or a full disk
  }
}

let opened;

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("tonearm", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("uploads", { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
