// The map: where the robot is and where it came from, drawn only when something changed.

/** A new point of the trail every so many metres. */
const STEP_M = 0.02;
/** Farther than this between two snapshots is a new start, not a drive, metres. */
const JUMP_M = 1;
const MOST_POINTS = 3000;
/** Pixels a metre of each zoom level. */
const ZOOMS = [12, 25, 50, 100, 200];

/** A canvas with the robot in its middle; up is where it looked at the start. */
export class RobotMap {
  #canvas;
  #scale;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");
  /** @type {Array<{x: number, y: number} | null>} `null` begins anew */
  #trail = [];
  /** @type {Pose | null} */
  #pose = null;
  /** What is in the middle, metres. */
  #middle = { x: 0, y: 0 };
  #zoom = 2;
  #asked = false;
  #four = false;
  /** @type {Record<string, string>} */
  #colours = {};

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLElement} scale shows the length of the scale bar
   */
  constructor(canvas, scale) {
    this.#canvas = canvas;
    this.#scale = scale;
    new ResizeObserver(() => this.#ask()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolour());
    this.zoom(0);
  }

  /** What the robot looks like. @param {boolean} four whether it has a wheel at each corner */
  wheels(four) {
    if (four === this.#four) return;
    this.#four = four;
    this.#ask();
  }

  /** Another robot, on ground of its own. */
  forget() {
    this.#trail = [];
    this.#middle = { x: 0, y: 0 };
    this.move(null);
    this.#ask();
  }

  /** The theme has changed. */
  recolour() {
    this.#colours = {};
    this.#ask();
  }

  /**
   * @param {number} steps nearer, or farther if negative
   * @returns {{nearest: boolean, farthest: boolean}}
   */
  zoom(steps) {
    this.#zoom = Math.min(ZOOMS.length - 1, Math.max(0, this.#zoom + steps));
    this.#ask();
    return { nearest: this.#zoom === ZOOMS.length - 1, farthest: this.#zoom === 0 };
  }

  /** @param {Pose | null} pose */
  move(pose) {
    const before = this.#pose;
    if (pose?.x_m === before?.x_m && pose?.y_m === before?.y_m && pose?.heading_rad === before?.heading_rad) return;
    this.#pose = pose;
    this.#canvas.dataset.pose = pose ? [pose.x_m, pose.y_m, pose.heading_rad].map((v) => v.toFixed(3)).join(",") : "";
    if (pose) this.#follow(pose);
    this.#ask();
  }

  /** @param {Pose} pose */
  #follow({ x_m: x, y_m: y }) {
    const last = this.#trail.at(-1);
    const way = last ? Math.hypot(x - last.x, y - last.y) : Infinity;
    if (way > JUMP_M && last) this.#trail.push(null);
    if (way > STEP_M) this.#trail.push({ x, y });
    if (this.#trail.length > MOST_POINTS) this.#trail.splice(0, MOST_POINTS / 10);
    // With reduced motion the ground stays still until the robot comes near the edge.
    const { clientWidth, clientHeight } = this.#canvas;
    const room = (Math.min(clientWidth, clientHeight) / 2) * 0.7;
    const off = Math.max(Math.abs(x - this.#middle.x), Math.abs(y - this.#middle.y)) * this.#pixels;
    if (!this.#calm.matches || off > room) this.#middle = { x, y };
  }

  get #pixels() {
    return ZOOMS[this.#zoom] ?? 50;
  }

  #ask() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#draw();
    });
  }

  /** @param {string} name of a custom property */
  #colour(name) {
    this.#colours[name] ??= getComputedStyle(this.#canvas).getPropertyValue(name).trim();
    return this.#colours[name];
  }

  #draw() {
    const canvas = this.#canvas;
    const { clientWidth: width, clientHeight: height } = canvas;
    const ratio = Math.min(devicePixelRatio || 1, 3);
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const pen = canvas.getContext("2d");
    if (!pen || width === 0) return;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    /** @type {(x: number, y: number) => [number, number]} x forward is up, y left is left */
    const at = (x, y) => [
      width / 2 - (y - this.#middle.y) * this.#pixels,
      height / 2 - (x - this.#middle.x) * this.#pixels,
    ];
    this.#grid(pen, width, height, at);
    this.#line(pen, at);
    if (this.#pose) this.#robot(pen, this.#pose, at);
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {number} width
   * @param {number} height
   * @param {(x: number, y: number) => [number, number]} at
   */
  #grid(pen, width, height, at) {
    const metres = [0.25, 0.5, 1, 2, 5].find((step) => step * this.#pixels >= 44) ?? 10;
    const side = metres * this.#pixels;
    const label = `${metres} m`;
    if (this.#scale.textContent !== label) {
      this.#scale.textContent = label;
      this.#scale.style.width = `${side}px`;
    }
    const [left, top] = at(0, 0);
    pen.lineWidth = 1;
    for (const [start, end, along] of /** @type {const} */ ([[left, width, true], [top, height, false]])) {
      for (let place = start - Math.floor(start / side) * side; place < end; place += side) {
        const origin = Math.abs(place - start) < 0.5;
        pen.strokeStyle = this.#colour(origin ? "--grid-strong" : "--grid");
        const sharp = Math.round(place) + 0.5;
        pen.beginPath();
        pen.moveTo(along ? sharp : 0, along ? 0 : sharp);
        pen.lineTo(along ? sharp : width, along ? height : sharp);
        pen.stroke();
      }
    }
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {(x: number, y: number) => [number, number]} at
   */
  #line(pen, at) {
    pen.beginPath();
    let down = false;
    for (const point of this.#trail) {
      if (point) {
        const [left, top] = at(point.x, point.y);
        if (down) pen.lineTo(left, top);
        else pen.moveTo(left, top);
      }
      down = point !== null;
    }
    if (down && this.#pose) pen.lineTo(...at(this.#pose.x_m, this.#pose.y_m));
    pen.strokeStyle = this.#colour("--trail");
    pen.lineWidth = 3;
    pen.lineJoin = pen.lineCap = "round";
    pen.stroke();
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Pose} pose
   * @param {(x: number, y: number) => [number, number]} at
   */
  #robot(pen, pose, at) {
    pen.save();
    pen.translate(...at(pose.x_m, pose.y_m));
    pen.rotate(-pose.heading_rad);
    const size = Math.max(15, Math.min(24, this.#pixels * 0.18));
    pen.fillStyle = this.#colour("--robot-wheel");
    /** @type {readonly (readonly [number, number])[]} where a wheel begins and how long it is, in sizes */
    const wheels = this.#four ? [[-0.72, 0.62], [0.2, 0.62]] : [[-0.5, 1.15]];
    for (const side of [-1, 1]) {
      for (const [from, length] of wheels) {
        pen.beginPath();
        pen.roundRect(side * size * 0.92 - size * 0.2, from * size, size * 0.4, length * size, size * 0.15);
        pen.fill();
      }
    }
    pen.beginPath();
    pen.moveTo(0, -size * 1.25);
    pen.lineTo(size * 0.78, -size * 0.25);
    pen.lineTo(size * 0.78, size * 0.75);
    pen.quadraticCurveTo(0, size * 1.05, -size * 0.78, size * 0.75);
    pen.lineTo(-size * 0.78, -size * 0.25);
    pen.closePath();
    pen.lineJoin = "round";
    pen.lineWidth = 3;
    pen.strokeStyle = this.#colour("--robot-edge");
    pen.stroke();
    pen.fillStyle = this.#colour("--robot");
    pen.fill();
    pen.restore();
  }
}
