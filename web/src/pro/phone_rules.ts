/** What on this phone stands in the way, said plainly with what to do. A rule: facts in, troubles out. */

export type Trouble =
  | "storage" // what waits is in memory only
  | "clock" // wrong by minutes
  | "screen" // the phone will not keep the screen on: battery saver
  | "background" // the phone stopped the page for a while
  | "battery"; // nearly empty

export interface PhoneFacts {
  sharing: boolean;
  durable: boolean;
  /** How far the device's clock runs ahead of the server's, milliseconds. */
  clock_error_ms: number;
  /** The browser refused to keep the screen on. */
  screen_refused: boolean;
  /** The longest time that the page stood still while sharing, milliseconds; 0: it did not. */
  asleep_ms: number;
  /** 0 to 1; null when the browser does not tell. */
  battery: number | null;
  charging: boolean;
}

const CLOCK_OFF_MS = 120_000;
export const ASLEEP_MS = 60_000;
const BATTERY_LOW = 0.15;

/** The gravest first. */
export function troublesOf(facts: PhoneFacts): Trouble[] {
  const troubles: [Trouble, boolean][] = [
    ["storage", !facts.durable],
    ["clock", Math.abs(facts.clock_error_ms) >= CLOCK_OFF_MS],
    ["background", facts.asleep_ms >= ASLEEP_MS],
    ["screen", facts.sharing && facts.screen_refused],
    ["battery", facts.sharing && facts.battery !== null && facts.battery < BATTERY_LOW && !facts.charging],
  ];
  return troubles.filter(([, there]) => there).map(([trouble]) => trouble);
}
