import type { Http } from "../lib/http.ts";
import type { Place } from "../lib/wire.ts";
import type { DemoPart } from "./demo_part.ts";
import { chosenDrive, forgetDrive } from "./drive_choice.ts";
import type { Shows } from "./errands.ts";
import type { Gps } from "./gps.ts";
import type { Me } from "./me.ts";

/**
 * Who tries the demo sits anywhere in the world: where the server says that it is one, a made-up drive can stand
 * in for the device's location. No other server's page loads any of that.
 */
export class Demo {
  /** Draws a photo for who has no work to show; null where there is no demo. */
  samplePhoto: ((shows: Shows) => Promise<File>) | null = null;
  private readonly http: Http;
  private readonly use: (gps: Gps | null) => void;
  private part: DemoPart | null = null;
  private loading: Promise<void> | null = null;

  constructor(http: Http, use: (gps: Gps | null) => void) {
    this.http = http;
    this.use = use;
  }

  /** Resolves when it is known who gives the positions, as far as this device remembers. */
  ready(): Promise<void> {
    return chosenDrive() === null ? Promise.resolve() : this.load();
  }

  learn({ demo }: Me): void {
    if (demo) void this.load();
    else void this.loading?.then(() => this.leave());
  }

  headFor(place: Place | null): void {
    this.part?.headFor(place);
  }

  private load(): Promise<void> {
    this.loading ??= import("./demo_part.ts").then(
      ({ DemoPart, samplePhoto }) => {
        this.part = new DemoPart(this.http, this.use);
        this.samplePhoto = samplePhoto;
      },
      () => {
        this.loading = null; // the network failed: the next answer of the server tries again
      },
    );
    return this.loading;
  }

  /** Another server answers at this address than when the choice was made. */
  private leave(): void {
    this.part?.remove();
    this.part = this.loading = this.samplePhoto = null;
    forgetDrive();
  }
}
