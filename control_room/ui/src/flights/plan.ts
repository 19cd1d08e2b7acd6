/** time_utc, lon, lat, height. */
type TrackPoint = readonly [unknown, number, number, unknown];

const METRES_A_DEGREE = 111_195;
const EDGE_PX = 18;
const LEAST_M = 30;

interface Spot {
  x: number;
  y: number;
}

/** A track drawn into a picture, north up, as large as it fits. */
export function pathOf(
  track: readonly TrackPoint[],
  width: number,
  height: number,
): { path: string; begin: Spot; end: Spot; pxPerM: number } {
  const lons = track.map((point) => point[1]);
  const lats = track.map((point) => point[2]);
  const [west, east] = [Math.min(...lons), Math.max(...lons)];
  const [south, north] = [Math.min(...lats), Math.max(...lats)];
  const perLon = METRES_A_DEGREE * Math.cos((((south + north) / 2) * Math.PI) / 180);
  const across = Math.max(LEAST_M, (east - west) * perLon);
  const up = Math.max(LEAST_M, (north - south) * METRES_A_DEGREE);
  const pxPerM = Math.min((width - 2 * EDGE_PX) / across, (height - 2 * EDGE_PX) / up);
  const spots = track.map(([, lon, lat]) => ({
    x: width / 2 + (lon - (west + east) / 2) * perLon * pxPerM,
    y: height / 2 - (lat - (south + north) / 2) * METRES_A_DEGREE * pxPerM,
  }));
  const path = spots.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
  const nowhere = { x: width / 2, y: height / 2 };
  return { path, begin: spots[0] ?? nowhere, end: spots.at(-1) ?? nowhere, pxPerM };
}
