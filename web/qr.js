// A QR code as a drawing: dark squares on white in every theme, with the quiet margin that cameras need.

/** Light squares on every side, as the standard asks for. */
const QUIET = 4;

/**
 * The dark squares as one path, and the side of the drawing with its margin.
 * @param {readonly string[]} rows `#` is dark
 */
export function path(rows) {
  const strokes = rows.flatMap((row, down) =>
    [...row.matchAll(/#+/g)].map(({ 0: run, index }) => `M${index + QUIET} ${down + QUIET}h${run.length}v1h-${run.length}z`),
  );
  return { side: rows.length + 2 * QUIET, d: strokes.join("") };
}

/**
 * @param {Element} svg
 * @param {readonly string[]} rows
 */
export function drawQr(svg, rows) {
  const { side, d } = path(rows);
  const shape = (/** @type {string} */ name, /** @type {Record<string, string>} */ attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.replaceChildren(
    shape("rect", { width: String(side), height: String(side), fill: "#fff" }),
    shape("path", { d, fill: "#000", "shape-rendering": "crispEdges" }),
  );
}
