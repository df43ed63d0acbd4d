// What differs from board to board: memory that outlives power failures, a timer, a watchdog.
#ifndef JOYWIRE_BOARD_H
#define JOYWIRE_BOARD_H

#include <stdint.h>

// Counts this start, and returns a number that differs from the last ones.
uint16_t joywire_count_start();

// Name of the latching that was kept; 0: the latch is open. What cannot be read is taken for latched.
uint32_t joywire_kept_latch();

// Keeps it over power failures.
void joywire_keep_latch(uint32_t name);

// Keep `tick` out, whichever processor calls it, and let it in again. Not nested.
void joywire_lock();
void joywire_unlock();

// Calls `tick` every millisecond, whatever loop() does, and never between lock and unlock.
void joywire_start_timer(void (*tick)());

// Resets the board within 200 ms if it is not fed. Feeding counts only while the timer runs, too.
void joywire_start_watchdog();
void joywire_feed_watchdog();

#endif
