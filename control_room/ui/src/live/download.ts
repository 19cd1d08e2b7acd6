const ENDINGS: Record<string, string> = { 'image/jpeg': 'jpg', 'video/mp4': 'mp4' };

/** Hands a file to the browser's downloads, named by what it shows and when. */
export function download(file: Blob, name: string, now = new Date()): void {
  const stamp = now.toISOString().slice(0, 19).replaceAll(':', '');
  const plain = name.replace(/[^\p{L}\p{N}._-]+/gu, '-');
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = `${plain}-${stamp}.${ENDINGS[file.type] ?? 'bin'}`;
  link.click();
  URL.revokeObjectURL(address);
}
