// Virtual time for the page's pure parts: nothing here sleeps.

/** A clock that stands still until it is moved. */
export class FakeClock {
  #now = 1000;
  #next = 0;
  #timers = new Map();

  now() {
    return this.#now;
  }

  after(run, ms) {
    const id = (this.#next += 1);
    this.#timers.set(id, { at: this.#now + ms, run });
    return () => this.#timers.delete(id);
  }

  /** Moves on, running what becomes due in its order, and lets promises settle in between. */
  async move(ms) {
    const end = this.#now + ms;
    for (;;) {
      await settled();
      const due = [...this.#timers].filter(([, timer]) => timer.at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.#now = Math.max(this.#now, due[1].at);
      due[1].run();
    }
    this.#now = end;
    await settled();
  }
}

/** Lets everything that waits for a promise go on. */
export function settled() {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A connection that notes what it is told; `answer` decides what acknowledgements say. */
export class FakeLine {
  ready = true;
  busy = false;
  sent = [];
  asked = [];
  answer = () => ({ ok: true });
  #clock;

  constructor(clock) {
    this.#clock = clock;
  }

  latest(name, value) {
    if (!this.ready || this.busy) return false;
    this.sent.push({ at: this.#clock.now(), name, ...value });
    return true;
  }

  async request(name, [value]) {
    if (!this.ready) throw new Error("no connection to the robot");
    this.asked.push({ at: this.#clock.now(), name, value });
    return this.answer(name, value);
  }
}
