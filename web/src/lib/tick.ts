/** Calls back each second while the page can be seen, and once whenever it is seen again. */
export function everySecond(tick: () => void): void {
  setInterval(() => {
    if (document.visibilityState === "visible") tick();
  }, 1_000);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") tick();
  });
}
