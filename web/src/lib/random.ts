/** A name that nobody else gives, for a request that must be made once however often it is sent. */
export function freshKey(): string {
  // `crypto.randomUUID` exists on secure pages only; a trial server in an office has no certificate.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
