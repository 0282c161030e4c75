/** The words for a value of the server's; a value that this page does not know yet is shown as it is. */
export function worded(known: Readonly<Record<string, string>>, value: string): string {
  if (Object.hasOwn(known, value)) return known[value] ?? value;
  const plain = value.replaceAll("_", " ").toLowerCase();
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
