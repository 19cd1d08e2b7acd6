import type { CardFile } from '../api/types';

/** A file of a card with the folder that it lay in. */
export interface Dropped {
  file: File;
  folder: string;
}

/** Small files are known by their content; of larger ones the room computes the hash. */
export const HASHED_BYTES_MAX = 16 * 1024 * 1024;
const HASHED_TOGETHER_MAX = 256 * 1024 * 1024;
const NAMES_MAX = 2000;

/** Everything in what was dropped, folders and all. */
export async function dropped(transfer: DataTransfer): Promise<Dropped[]> {
  // Entries must be taken at once: the browser forgets them when the event is over.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const plain = [...transfer.files];
  if (entries.length === 0) return chosen(plain);
  const found: Dropped[] = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry: FileSystemEntry, found: Dropped[]): Promise<void> {
  if (found.length >= NAMES_MAX || entry.name.startsWith('.')) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => {
      (entry as FileSystemFileEntry).file(resolve, reject);
    });
    found.push({ file, folder: folderOf(entry.fullPath) });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A hundred at a time, until there are none.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0) return;
    for (const inner of some) await walk(inner, found);
  }
}

/** Files of a form's field, or of a folder chosen in one. */
export function chosen(files: Iterable<File>): Dropped[] {
  return [...files]
    .filter((file) => !file.name.startsWith('.'))
    .slice(0, NAMES_MAX)
    .map((file) => ({ file, folder: folderOf(file.webkitRelativePath) }));
}

function folderOf(path: string): string {
  const parts = path.split('/').filter(Boolean);
  return parts.slice(0, -1).join('/').slice(0, 500);
}

/** What the room is told of each: name, size, time, and of small files the SHA-256. */
export async function listed(files: readonly Dropped[]): Promise<CardFile[]> {
  let left = HASHED_TOGETHER_MAX;
  const told: CardFile[] = [];
  for (const { file, folder } of files) {
    const isSmall = file.size > 0 && file.size <= HASHED_BYTES_MAX && file.size <= left;
    const sha256 = isSmall ? await hashed(file) : null;
    if (sha256 !== null) left -= file.size;
    const modified_at = file.lastModified > 0 ? new Date(file.lastModified).toISOString() : null;
    told.push({ name: file.name, folder, bytes: file.size, modified_at, sha256 });
  }
  return told;
}

async function hashed(file: File): Promise<string | null> {
  // Browsers compute it only where the page came by HTTPS or from this machine; it is no more than a help.
  if (!('subtle' in crypto)) return null;
  try {
    const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  } catch {
    return null; // it cannot be read: sending it will say so
  }
}
