// Shaping: what two sticks of a gamepad are taken for, in stages of one order; the same as src/drive/shaping.rs and
// style.rs, held to the same values by tests/shaping.json.

/**
 * @typedef {"arcade" | "tank" | "curvature" | "strafe"} Style
 * @typedef {readonly [number, number]} Deflection right and forward of centre, each −1…1
 * @typedef {object} Zones
 * @property {number} dead_zone share of the way around the centre that counts as centre, 0…0.5
 * @property {number} full_zone share of the way that counts as full, more than `dead_zone`, at most 1
 * @property {number} expo how much finer the middle is, 0 (not at all) … 1 (cubic)
 */

/** What holds unless somebody says otherwise. @type {Zones} */
export const ZONES = { dead_zone: 0.1, full_zone: 0.95, expo: 0.3 };
/** Up to this deflection forward a car-like curve fades into turning on the spot. */
const PIVOT_ZONE = 0.2;

/** Nothing beyond the stops, and nothing that is no number. @param {number} value */
const tame = (value) => (Number.isNaN(value) ? 0 : Math.min(1, Math.max(-1, value)));

/**
 * Dead zone, then expo: the way begins at 0 where the zone ends, and ends at 1.
 * @param {Deflection} raw
 * @param {Zones} [zones]
 * @returns {[number, number]}
 */
export function shape(raw, { dead_zone, full_zone, expo } = ZONES) {
  const [x, y] = [tame(raw[0]), tame(raw[1])];
  const reach = Math.hypot(x, y);
  if (reach <= dead_zone) return [0, 0];
  const wanted = Math.min(1, (reach - dead_zone) / (full_zone - dead_zone)) / reach;
  const curved = (/** @type {number} */ value) => (1 - expo) * value + expo * value ** 3;
  return [curved(x * wanted), curved(y * wanted)];
}

/**
 * The position that both hands ask for: `x` turns, `y` drives, `strafe` goes sideways.
 * @param {Style} style
 * @param {Deflection} left shaped already
 * @param {Deflection} right shaped already
 * @returns {{x: number, y: number, strafe: number}}
 */
export function styled(style, [x, y], [aside, ahead]) {
  switch (style) {
    case "tank":
      return { x: (y - ahead) / 2, y: (y + ahead) / 2, strafe: 0 };
    case "curvature":
      return { x: x * Math.max(Math.abs(y), 1 - Math.abs(y) / PIVOT_ZONE), y, strafe: 0 };
    case "strafe":
      return { x: aside, y, strafe: x };
    default:
      return { x, y, strafe: 0 };
  }
}
