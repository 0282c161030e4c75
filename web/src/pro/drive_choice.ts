import { forget, recall, remember } from "../lib/memory.ts";

/** In a demo: whether this device's drives are made up, or it says where it really is. */
export type DriveChoice = "made up" | "own";

const KEY = "tracker.drive";
const device = (): Storage => localStorage;

/** Null on a device that has never been in a demo. */
export function chosenDrive(): DriveChoice | null {
  const kept = recall(device, KEY);
  return kept === "made up" || kept === "own" ? kept : null;
}

export function chooseDrive(choice: DriveChoice): void {
  remember(device, KEY, choice);
}

export function forgetDrive(): void {
  forget(device, KEY);
}
