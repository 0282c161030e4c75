import L from "leaflet";

export interface Margins {
  topLeft: L.Point;
  bottomRight: L.Point;
}

/** Room to leave around what must be seen on a map that `cover` may lie upon: beside it, or above it. */
export function margins(map: L.Map, cover: HTMLElement): Margins {
  const frame = map.getContainer().getBoundingClientRect();
  const card = cover.getBoundingClientRect();
  const apart = card.width === 0 || card.right <= frame.left || card.top >= frame.bottom;
  const beside = !apart && card.right < frame.right - 200;
  const left = beside ? card.right - frame.left : 0;
  const below = apart || beside ? 0 : frame.bottom - card.top;
  return { topLeft: L.point(left + 48, 64), bottomRight: L.point(60, below + 44) };
}
