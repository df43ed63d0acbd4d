// What was found out about the motors so far, and what to tell them for the next look; mirrors src/cli/calibrate/finding.rs.

/** A side that veers away is slowed by so much at a time. */
const TRIM = 0.02;
/** The least trim that the configuration takes. */
const LEAST = 0.5;
/** The most that a motor is told here, permille. */
export const HIGHEST = 400;

/** Directions, trims and dead bands as they are known by now. */
export class Findings {
  /** @type {MotorNeeds[]} */
  motors;

  /** @param {MotorNeeds[]} before as they are in force */
  constructor(before) {
    this.motors = before.map((motor) => ({ ...motor }));
  }

  /**
   * Outputs that turn one motor alone, forward as far as is known; raw, without trim or dead band.
   * @param {number} motor
   * @param {number} permille
   * @returns {Outputs}
   */
  alone(motor, permille) {
    return outputs((index) => (index !== motor ? 0 : this.#motor(index).inverted ? -permille : permille));
  }

  /**
   * Outputs that turn all wheels ahead at a speed, permille, by all that is known; slower, if one of them would be told more
   * than the most, as it would then be cut short and the robot veer.
   * @param {number} permille
   * @returns {Outputs}
   */
  ahead(permille) {
    const speed = Math.min(permille, ...this.motors.map(fastest));
    return outputs((index) => (index < this.motors.length ? told(this.#motor(index), speed) : 0));
  }

  /**
   * A motor turned forward, or backward, when it was told what is known as forward so far.
   * @param {number} motor
   * @param {boolean} backward
   */
  setInverted(motor, backward) {
    const found = this.#motor(motor);
    found.inverted = found.inverted !== backward;
  }

  /**
   * A motor did not turn yet at this output.
   * @param {number} motor
   * @param {number} permille
   */
  setDeadBand(motor, permille) {
    this.#motor(motor).dead_band = Math.min(HIGHEST, Math.max(0, permille));
  }

  /** What `setTrims` takes. */
  get trims() {
    return this.motors.map(({ trim }) => trim);
  }

  /** @param {number[]} trims */
  setTrims(trims) {
    this.motors.forEach((motor, index) => (motor.trim = trims[index] ?? 1));
  }

  /** Both sides are alike again. */
  forgetTrim() {
    this.setTrims([]);
  }

  /**
   * Slows one side against the other; the faster of both stays at full.
   * @param {"left" | "right"} side
   */
  slow(side) {
    const [slower, faster] = side === "left" ? [0, 1] : [1, 0];
    const { trim: slow } = this.#motor(slower);
    const { trim: fast } = this.#motor(faster);
    const [slowest, fastest] = 1 - fast > TRIM / 2 ? [slow, fast + TRIM] : [slow - TRIM, fast];
    this.motors.forEach((motor, index) => (motor.trim = bounded(index % 2 === slower ? slowest : fastest)));
  }

  /** @param {number} index */
  #motor(index) {
    const motor = this.motors[index];
    if (!motor) throw new Error(`there is no motor ${index + 1}`);
    return motor;
  }
}

/**
 * @param {(index: number) => number} each
 * @returns {Outputs}
 */
function outputs(each) {
  return [each(0), each(1), each(2), each(3)];
}

/**
 * The output for a speed: ±(d + (1000·t − d)·speed/1000) with trim t and dead band d, as src/drive/motors.rs has it.
 * @param {MotorNeeds} motor
 * @param {number} speed permille, forward
 */
function told({ inverted, trim, dead_band: dead }, speed) {
  const size = Math.round(dead + ((1000 * trim - dead) * speed) / 1000);
  return inverted ? -size : size;
}

/** The speed at which a motor is told the most, permille, rounded down. @param {MotorNeeds} motor */
function fastest({ trim, dead_band: dead }) {
  return Math.max(1, Math.floor(((HIGHEST + 0.49 - dead) * 1000) / (1000 * trim - dead)));
}

/** Within what the configuration takes, to a thousandth, as it is written. @param {number} trim */
function bounded(trim) {
  return Math.round(Math.min(1, Math.max(LEAST, trim)) * 1000) / 1000;
}
