// One story in the virtual machine: bounded in time, and with the guest's own words if it ends badly.
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

const STORY_MS = 120_000;

/** Registers a story; `play` gets the machine that `set` has by then. */
export function story(set, name, play) {
  test(name, async () => {
    const over = new AbortController();
    const late = pause(STORY_MS, null, { signal: over.signal }).then(() => {
      throw new Error(`the story was not told after ${STORY_MS} ms`);
    });
    late.catch(() => {});
    try {
      await Promise.race([play(set.guest), late]);
    } catch (error) {
      console.error(set.guest.words());
      throw error;
    } finally {
      over.abort();
    }
  });
}
