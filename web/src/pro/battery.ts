export interface Battery {
  /** 0 to 1. */
  level: number;
  charging: boolean;
}

/** The battery, where the browser tells (W3C Battery Status). */
export async function batteryOf(): Promise<Battery | null> {
  const { getBattery } = navigator as Navigator & { getBattery?: () => Promise<Battery> };
  try {
    return (await getBattery?.call(navigator)) ?? null;
  } catch {
    return null;
  }
}
