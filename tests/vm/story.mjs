// One story in the virtual machine: bounded in time, with the guest's own words if it ends badly.
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

const STORY_MS = 120_000;
const TRIES = 3;
/** What the program says when the machine is too busy for it: then it stops, as it should, and tells nothing here. */
const HELD_UP = /held up|fell silent|stopped itself|stopped coming|ms old when it arrived/;

/** Registers a story; `play` gets the machine that `set` has by then. */
export function story(set, name, play) {
  test(name, async () => {
    const { guest } = set;
    const over = new AbortController();
    const late = pause(STORY_MS, null, { signal: over.signal }).then(() => {
      throw new Error(`the story was not told after ${STORY_MS} ms`);
    });
    late.catch(() => {});
    try {
      await Promise.race([told(guest, play), late]);
    } finally {
      over.abort();
    }
  });
}

/** Plays it, again if nothing was wrong but that the machine was busy with other work. What must never be fails at once. */
async function told(guest, play) {
  for (let tries = TRIES; ; tries -= 1) {
    guest.forget();
    try {
      return await play(guest);
    } catch (error) {
      const waited = error.message.startsWith("waited") && guest.log.some((line) => HELD_UP.test(line));
      if (tries === 1 || !waited) {
        console.error(guest.words());
        throw error;
      }
      console.error(`told again, as this machine was busy: ${error.message}`);
    } finally {
      await guest.tidy();
    }
  }
}
