/** What this page uses of the W3C Geolocation API: the device's own, or one that is made up for a demo. */
export interface Gps {
  watchPosition(read: (position: GpsPosition) => void, failed: (error: GeolocationPositionError) => void, options: PositionOptions): number;
  getCurrentPosition(read: (position: GpsPosition) => void, failed: () => void, options: PositionOptions): void;
  clearWatch(id: number): void;
}

/** One reading: degrees, metres, metres per second. */
export interface GpsPosition {
  coords: Pick<GeolocationCoordinates, "latitude" | "longitude" | "accuracy" | "heading" | "speed">;
  /** Epoch milliseconds of the device's clock. */
  timestamp: number;
}
