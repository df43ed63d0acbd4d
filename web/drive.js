// When a stick sample is sent, and whose seat it is: the page's half of the driving rules, without any DOM.
import * as event from "./events.js";
import { t } from "./words.js";

/** A sample after a change follows the last one no sooner than this, ms: 40 a second at most. */
const CHANGE_MS = 25;
/** Neutral is said twice, this far apart, ms, in case the first is lost with a dying page. */
const AGAIN_MS = 15;
/** While the stick rests, a neutral sample this often keeps the seat, ms. */
const HEARTBEAT_MS = 250;
/** The seat is given back this long after the last touch, ms. */
const IDLE_MS = 10_000;
/** Without news of the robot for this long, a held stick no longer drives, ms. */
export const SILENCE_MS = 1000;

/** The clock of the page. @type {Clock} */
export const pageClock = {
  now: () => performance.now(),
  after: (run, ms) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Share of full speed at most while somebody asks for slow. */
const SLOW = 0.35;

/**
 * Turn to the right, forward, and aside to the right, each −1…1; or an output for each motor instead.
 * @typedef {{x: number, y: number, strafe: number, pace: Pace, motors?: Outputs}} Vector
 */

/** @type {Vector} */
const NEUTRAL = Object.freeze({ x: 0, y: 0, strafe: 0, pace: null });

/**
 * Turns what hands do into samples.
 *
 * Several sources (stick, buttons, keys) may be held at once; the newest press drives alone. A source that was
 * overtaken, or held while the connection, the seat or the robot was lost, drives nothing until it was let go.
 */
export class Drive {
  /** Called when the seat changed or a hand did. */
  onchange = () => {};
  /** Called with a sentence when a touch cannot drive. @type {(why: string, code: string) => void} */
  onrefused = () => {};
  /** Called when the seat was taken away, and not by this page's own wish. */
  onunseated = () => {};
  /** Share of full speed, 0…1. */
  speed = 0.65;
  /** While this is set, no other source drives: the others count as overtaken. @type {string | null} */
  only = null;

  /** @type {SeatView} */
  seat = { holder: null, epoch: 0, queue: [] };
  /** @type {Welcome | null} */
  welcome = null;

  #line;
  #clock;
  /** @type {Map<string, Vector>} every held source */
  #held = new Map();
  /** The held source that drives. @type {string | null} */
  #active = null;
  #seq = 0;
  #asked = false;
  /** How often this page has wanted the seat. */
  #wishes = 0;
  #leaving = false;
  #giving = false;
  /** Neutral samples that must reach the wire before anything else. */
  #owed = 0;
  #changed = false;
  #sentAt = -Infinity;
  #touchedAt = -Infinity;
  #heardAt = -Infinity;
  /** @type {number | null} */
  #tick = null;
  /** @type {number | null} */
  #session = null;
  /** @type {RobotState} */
  #state = "no_robot";
  /** Why it is stopped. */
  #reason = "";
  /** @type {(() => void) | null} */
  #cancel = null;

  /**
   * @param {Line} line
   * @param {Clock} [clock]
   */
  constructor(line, clock = pageClock) {
    this.#line = line;
    this.#clock = clock;
  }

  /** Whether this page holds the seat. */
  get mine() {
    return this.welcome !== null && this.seat.holder?.id === this.welcome.you.id;
  }

  /** Whether the robot can go sideways. */
  get sideways() {
    return this.welcome?.robot?.strafe === true;
  }

  /** The held source that drives, or will as soon as the seat is ours. */
  get active() {
    return this.#active;
  }

  /** What the robot is asked to do now, before the speed slider. */
  get wish() {
    return (this.mine && this.#active && this.#held.get(this.#active)) || NEUTRAL;
  }

  /** @param {Welcome} welcome a second one on the same connection is another robot, or the same with all else new */
  welcomed(welcome) {
    if (this.welcome) this.lost();
    else this.#seq = 0;
    this.welcome = welcome;
    this.seat = welcome.seat;
    this.#asked = this.#leaving = false;
    this.#owed = this.mine ? 1 : 0;
    this.#touchedAt = this.#clock.now();
    this.heard(welcome.telemetry);
    this.#pump();
    this.onchange();
  }

  /** The connection is gone: nothing that is held now may drive when it returns. */
  lost() {
    const seated = this.mine;
    // Before all else: a last neutral sample might reach the next robot.
    this.welcome = null;
    this.#interrupt();
    this.#owed = 0;
    this.#asked = false;
    this.seat = { holder: null, epoch: 0, queue: [] };
    this.#tick = this.#session = null;
    this.#plan();
    if (seated && !this.#leaving) this.onunseated();
    this.onchange();
  }

  /** @param {Telemetry} telemetry */
  heard(telemetry) {
    this.#heardAt = this.#clock.now();
    if (telemetry.session !== this.#session) this.#interrupt();
    this.#tick = telemetry.tick;
    this.#session = telemetry.session;
    this.#state = telemetry.state;
    this.#reason = telemetry.reason?.code ?? "";
    if (telemetry.state === "latched" || telemetry.state === "no_robot") this.#interrupt();
  }

  /** @param {SeatView} seat */
  seated(seat) {
    const before = this.mine ? this.seat.epoch : null;
    this.seat = seat;
    const now = this.mine ? seat.epoch : null;
    if (now !== null && now !== before) {
      this.#owed = Math.max(this.#owed, 1);
      this.#touchedAt = this.#clock.now();
      if (!this.#asked) this.#interrupt();
      this.#leaving = false;
    }
    if (now === null && before !== null) {
      this.#interrupt();
      if (!this.#leaving && !this.#giving) this.onunseated();
    }
    this.#pump();
    this.onchange();
  }

  /**
   * A hand holds a source at a position.
   * @param {string} source
   * @param {number} x
   * @param {number} y
   * @param {number} [strafe] to the right without turning; counts for robots that can
   * @param {Pace} [pace] instead of the slider's speed
   */
  hold(source, x, y, strafe = 0, pace = null) {
    this.#wish(source, { x, y, strafe, pace });
  }

  /**
   * A hand tells each motor its own output, whatever the slider says; for operators.
   * @param {string} source
   * @param {Outputs} motors
   */
  turn(source, motors) {
    this.#wish(source, { ...NEUTRAL, motors });
  }

  /**
   * A hand has let go of a source.
   * @param {string} source
   */
  release(source) {
    if (!this.#held.delete(source) || this.#active !== source) return;
    this.#active = null;
    this.#rest();
  }

  /** Everything counts as let go of until it is pressed anew: STOP, a hidden page, a call coming in. */
  letGo() {
    this.#active = null;
    this.#rest();
  }

  /** Takes the seat if it is free. A wish that comes while an older one is not answered yet is said after that. */
  async take() {
    if (this.mine) return;
    this.#wishes += 1;
    if (this.#asked) return;
    this.#asked = true;
    const { welcome } = this;
    let wish = 0;
    do {
      wish = this.#wishes;
      await this.#request({ want: "take" }, () => wish === this.#wishes);
    } while (wish !== this.#wishes && !this.mine && welcome === this.welcome);
    // Who came to another robot meanwhile asks anew.
    if (welcome === this.welcome) this.#asked = false;
  }

  /** Asks whoever drives for the seat. */
  ask() {
    return this.#request({ want: "ask" });
  }

  /** @param {number} to */
  give(to) {
    this.letGo();
    this.#giving = true;
    return this.#request({ want: "give", to }).finally(() => (this.#giving = false));
  }

  /** Leaves the seat, or the queue for it. */
  leave() {
    this.letGo();
    this.#leaving = true;
    return this.#request({ want: "release" });
  }

  /**
   * @param {string} source
   * @param {Vector} wish
   */
  #wish(source, wish) {
    const before = this.#held.get(source);
    this.#held.set(source, wish);
    if (!before && (this.only ?? source) === source) this.#press(source);
    if (this.#active !== source) return;
    this.#touchedAt = this.#clock.now();
    const { x, y, strafe, pace, motors } = wish;
    if (before?.x !== x || before.y !== y || before.strafe !== strafe || before.pace !== pace || before.motors !== motors) {
      this.#changed = true;
    }
    this.#pump();
    this.onchange();
  }

  /**
   * @param {SeatRequest} wish
   * @param {() => boolean} isNewest whether a no still matters when it comes
   */
  async #request(wish, isNewest = () => true) {
    const { welcome } = this;
    try {
      /** @type {SeatReply} */
      const reply = await this.#line.request(event.SEAT, [wish]);
      // An answer to what was asked before another greeting tells of another seat.
      if (welcome !== this.welcome) return;
      // An answer waits until the log has it, news do not. News count in any case: a program that is back counts from the start.
      if (reply.seat.epoch >= this.seat.epoch) this.seated(reply.seat);
      if (!reply.ok && isNewest()) this.#refuse(reply.why ?? t("seat.refused"), `seat_${wish.want}`);
    } catch (error) {
      if (welcome !== this.welcome) return;
      this.#refuse(error instanceof Error ? error.message : String(error), "seat_lost");
    }
  }

  /** @param {string} source */
  #press(source) {
    this.#active = null;
    const now = this.#clock.now();
    const { welcome, seat } = this;
    if (!welcome) return this.#refuse(t("drive.offline"), "offline");
    if (now - this.#heardAt > SILENCE_MS) return this.#refuse(t("drive.silent"), "silent");
    if (this.#state === "latched") return this.#refuse(t("drive.latched"), "latched");
    if (this.#state === "no_robot") return this.#refuse(t(this.#reason.startsWith("agent_") ? "drive.noAgent" : "drive.noRobot"), "no_robot");
    if (welcome.role === "viewer") return this.#refuse(t("drive.viewer"), "viewer");
    if (seat.holder && !this.mine) return this.#refuse(t("seat.drives", { name: seat.holder.name }), "taken");
    this.#active = source;
    this.#touchedAt = now;
    if (!this.mine) void this.take();
    return undefined;
  }

  /**
   * @param {string} why
   * @param {string} code
   */
  #refuse(why, code) {
    if (!this.mine) this.#active = null;
    this.onrefused(why, code);
  }

  /** Ends the right of a held source to drive. */
  #interrupt() {
    if (!this.#active) return;
    this.#active = null;
    this.#rest();
  }

  #rest() {
    this.#changed = false;
    if (this.mine) {
      this.#owed = 2;
      this.#sentAt = -Infinity;
    }
    this.#pump();
    this.onchange();
  }

  /** When the next sample is due. */
  #due() {
    if (!this.mine || !this.#line.ready) return Infinity;
    if (this.#owed > 0) return this.#sentAt + AGAIN_MS;
    if (this.#active) {
      const hz = this.welcome?.limits.sample_hz ?? 30;
      return this.#sentAt + (this.#changed ? CHANGE_MS : 1000 / hz);
    }
    if (this.#leaving) return Infinity;
    return Math.min(this.#sentAt + HEARTBEAT_MS, this.#touchedAt + IDLE_MS);
  }

  #pump() {
    const now = this.#clock.now();
    if (this.#active && now - this.#heardAt > SILENCE_MS) {
      this.#interrupt();
      return;
    }
    if (this.#due() <= now) {
      if (!this.#active && this.#owed === 0 && now >= this.#touchedAt + IDLE_MS) {
        void this.leave();
        return;
      }
      this.#sample(now);
    }
    this.#plan();
  }

  #plan() {
    this.#cancel?.();
    this.#cancel = null;
    const due = this.#due();
    if (due === Infinity) return;
    this.#cancel = this.#clock.after(() => this.#pump(), Math.max(1, due - this.#clock.now()));
  }

  /** @param {number} now */
  #sample(now) {
    const neutral = this.#owed > 0 || !this.#active;
    const { x, y, strafe, pace, motors } = neutral ? NEUTRAL : this.wish;
    const speed = pace === "full" ? 1 : pace === "slow" ? Math.min(SLOW, this.speed) : this.speed;
    /** @type {Sample} */
    const drive = {
      seq: this.#seq,
      // A car's steering is no speed: a slow one steers as far as a fast one.
      x: round(this.welcome?.robot?.wheels === "ackermann" ? x : x * speed),
      y: round(y * speed),
      ...(this.sideways ? { strafe: round(strafe * speed) } : {}),
      ...(motors ? { motors } : {}),
      tick: this.#tick,
      session: this.#session,
      epoch: this.seat.epoch,
    };
    this.#seq = (this.#seq + 1) >>> 0;
    this.#sentAt = now;
    if (!neutral) this.#changed = false;
    if (this.#line.latest(event.DRIVE, drive) && this.#owed > 0) this.#owed -= 1;
  }
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 1e4) / 1e4 || 0;
}
