import L from "leaflet";
import { margins } from "../../map/margins.ts";
import type { Candidate } from "./candidates.ts";
import { assign as words } from "../words/assign.ts";

/** The nearest are brought into sight with the place; whoever is at the other end of the country is not. */
const IN_SIGHT = 5;
/** Above every other marker, also the job's own vehicle. */
const IN_FRONT = 1000;

/** Where those who could take a job are, as the numbers that they have in the list. */
export class CandidateDots {
  private readonly map: L.Map;
  private readonly layer: L.LayerGroup;
  private readonly choose: (pro_id: string) => void;
  private fitted = false;
  private over = false;

  /** `choose` is called when a number is clicked. */
  constructor(map: L.Map, choose: (pro_id: string) => void) {
    this.map = map;
    this.layer = L.layerGroup().addTo(map);
    this.choose = choose;
  }

  /** Draws them; the first time the map goes to where they and the place are. */
  show(pros: readonly Candidate[], place: { lat: number; lng: number }, covered: HTMLElement): void {
    if (this.over) return;
    this.layer.clearLayers();
    const spots: [number, number][] = [];
    pros.forEach((pro, at) => {
      if (pro.lat === null || pro.lng === null) return;
      const spot: [number, number] = [pro.lat, pro.lng];
      if (spots.length < IN_SIGHT) spots.push(spot);
      const face = document.createElement("span");
      face.className = "candidate-dot";
      face.textContent = String(at + 1);
      const icon = L.divIcon({ className: "candidate-icon", html: face, iconSize: [26, 26] });
      L.marker(spot, { icon, title: words.onMap(at + 1, pro.name), alt: words.onMap(at + 1, pro.name), keyboard: false, zIndexOffset: IN_FRONT })
        .on("click", () => this.choose(pro.id))
        .addTo(this.layer);
    });
    if (this.fitted || spots.length === 0) return;
    this.fitted = true;
    const { topLeft, bottomRight } = margins(this.map, covered);
    this.map.fitBounds([[place.lat, place.lng], ...spots], { paddingTopLeft: topLeft, paddingBottomRight: bottomRight, maxZoom: 15 });
  }

  /** Takes them off the map. */
  clear(): void {
    this.layer.clearLayers();
    this.fitted = false;
  }

  /** The job is left: an answer that is still on its way draws nothing any more. */
  remove(): void {
    this.over = true;
    this.layer.clearLayers().remove();
  }
}
