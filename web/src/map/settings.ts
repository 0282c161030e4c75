import type { Http } from "../lib/http.ts";
import type { MapSettings, Streets } from "../lib/wire.ts";

/** The whole world: what is drawn until the server says where it works. */
const ANYWHERE: MapSettings = { tiles_url: null, attribution: "", streets_url: null, center: [20, 0], zoom: 3 };

/** The map's settings; a plain background when the server does not say. */
export async function mapSettings(http: Http): Promise<MapSettings> {
  try {
    return { ...ANYWHERE, ...(await http.get<Partial<MapSettings>>("api/map")) };
  } catch {
    return ANYWHERE;
  }
}

/** The city's own streets, when the server has them. Its address is relative to the app's root. */
export async function streetsOf(http: Http, settings: MapSettings): Promise<Streets | null> {
  if (settings.streets_url === null) return null;
  try {
    return await http.get<Streets>(settings.streets_url.replace(/^\//, ""));
  } catch {
    return null;
  }
}
