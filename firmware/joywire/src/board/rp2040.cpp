// Boards with an RP2040 or RP2350, such as the Raspberry Pi Pico, under Earle Philhower's Arduino core.
#ifdef ARDUINO_ARCH_RP2040

#include "board.h"

#include <Arduino.h>
#include <EEPROM.h>
#include <hardware/watchdog.h>
#include <pico/critical_section.h>
#include <pico/time.h>

#ifdef ARDUINO_ARCH_MBED
#error "Joywire needs the boards package 'Raspberry Pi Pico/RP2040' of Earle Philhower"
#endif
#ifdef __FREERTOS
#error "Joywire's timer interrupt calls analogWrite(), which must not be under FreeRTOS on this chip"
#endif

// Keeps interrupts out on this core, and the other core too.
static critical_section_t section;

void joywire_lock()
{
    if (!critical_section_is_initialized(&section))
        critical_section_init(&section); // in begin(), when nothing runs beside it yet
    critical_section_enter_blocking(&section);
}

void joywire_unlock()
{
    critical_section_exit(&section);
}

static void (*on_tick)();
static volatile uint32_t ticks;

static bool on_alarm(repeating_timer_t *)
{
    joywire_lock();
    ticks = ticks + 1;
    // An analogWrite() in here that meets one of loop() does nothing: the core repeats it within 16 ms.
    on_tick();
    joywire_unlock();
    return true;
}

void joywire_start_timer(void (*tick)())
{
    static repeating_timer_t timer;
    on_tick = tick;
    // Negative: from start to start.
    if (!add_repeating_timer_us(-1000, on_alarm, nullptr, &timer))
        rp2040.reboot();
}

static const uint32_t PATIENCE_MS = 150;
static bool watched;

// A debugger that holds the processor does not hold the motors.
void joywire_start_watchdog()
{
    watched = true;
    watchdog_enable(PATIENCE_MS, false);
}

void joywire_feed_watchdog()
{
    static uint32_t seen;
    if (ticks == seen)
        return; // no tick since the last time: if that stays so, the board must not be kept alive
    seen = ticks;
    watchdog_update();
}

// Flash would be worn out by counting: a random number serves as well.
uint16_t joywire_count_start()
{
    return (uint16_t)rp2040.hwrand32();
}

// The last bytes of the emulated EEPROM.
static const int SIZE = 4096, LATCH_AT = SIZE - 8, INVERTED_AT = SIZE - 4;

uint32_t joywire_kept_latch()
{
    uint32_t name, inverted;
    EEPROM.begin(SIZE);
    EEPROM.get(LATCH_AT, name);
    EEPROM.get(INVERTED_AT, inverted);
    if (name == UINT32_MAX && inverted == UINT32_MAX)
        return 0; // a new board
    if (inverted == ~name)
        return name;
    return name != 0 ? name : 1;
}

void joywire_keep_latch(uint32_t name)
{
    // Erasing flash can take longer than the watchdog allows. The motors are off.
    if (watched)
        watchdog_enable(2000, false);
    EEPROM.begin(SIZE);
    EEPROM.put(LATCH_AT, name);
    EEPROM.put(INVERTED_AT, ~name);
    EEPROM.commit();
    if (watched)
        watchdog_enable(PATIENCE_MS, false);
}

#endif
