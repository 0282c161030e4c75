import { h } from "./dom.ts";

/** Puts a file into the person's downloads, as if a link to it had been clicked. */
export function saveFile(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = h("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser may read it after the click
}
