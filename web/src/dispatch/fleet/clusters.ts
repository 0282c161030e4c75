/** What stands too close together to be told apart is drawn as one. Pure: pixels in, groups out. */

/** Something at a place, in pixels of the world at the map's zoom. */
export interface Spot {
  x: number;
  y: number;
}

export interface Group<S extends Spot> extends Spot {
  /** The cell of the world it grew from: the same from one second to the next while everybody moves. */
  key: string;
  members: S[];
}

/**
 * Gathers spots by the cells of a grid that is fixed to the world, so that panning changes no group; a cell then
 * takes in its lesser neighbours whose middles are nearer than `size` × 0.6, so that groups do not overlap.
 * Linear in the number of spots. `size` is a cell's side in pixels.
 */
export function gather<S extends Spot>(spots: readonly S[], size: number): Group<S>[] {
  const cells = new Map<string, Group<S>>();
  for (const spot of spots) {
    const key = keyOf(Math.floor(spot.x / size), Math.floor(spot.y / size));
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, { key, x: spot.x, y: spot.y, members: [spot] });
    else cell.members.push(spot);
  }
  for (const cell of cells.values()) centre(cell);
  const largest = [...cells.values()].sort((a, b) => b.members.length - a.members.length || (a.key < b.key ? -1 : 1));
  const near_px = size * 0.6;
  for (const cell of largest) if (cells.has(cell.key)) absorb(cell, cells, near_px);
  return [...cells.values()];
}

function absorb<S extends Spot>(cell: Group<S>, cells: Map<string, Group<S>>, near_px: number): void {
  const [column, row] = cell.key.split(":").map(Number) as [number, number];
  for (let dx = -1; dx <= 1; dx++) {
    for (let dy = -1; dy <= 1; dy++) {
      const other = cells.get(keyOf(column + dx, row + dy));
      if (other === undefined || other === cell || Math.hypot(other.x - cell.x, other.y - cell.y) > near_px) continue;
      cells.delete(other.key);
      cell.members.push(...other.members);
      centre(cell);
    }
  }
}

function centre<S extends Spot>(group: Group<S>): void {
  let x = 0;
  let y = 0;
  for (const member of group.members) {
    x += member.x;
    y += member.y;
  }
  group.x = x / group.members.length;
  group.y = y / group.members.length;
}

function keyOf(column: number, row: number): string {
  return `${column}:${row}`;
}
