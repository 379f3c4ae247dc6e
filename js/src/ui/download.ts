/** Hand bytes to the user as a file. */
export function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The download has begun once the click returns to the event loop; the bytes are held until then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
