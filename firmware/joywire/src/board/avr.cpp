// Boards with an AVR: Uno, Nano, Mega, Leonardo.
#ifdef __AVR__

#include "board.h"

#include <Arduino.h>
#include <avr/eeprom.h>
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/wdt.h>

// The last bytes of the EEPROM: sketches that use it begin at the front.
struct Kept {
    uint32_t latch;
    uint32_t latch_inverted; // a latch that was cut short by a power failure does not fit this
    uint16_t starts;
    uint16_t unused;
};
static const uint32_t BLANK = 0xFFFFFFFF; // as an EEPROM comes from the factory; no latch and its inverse are both so
static Kept *const kept = (Kept *)(E2END + 1 - sizeof(Kept));

// A board that the watchdog reset starts with the watchdog still on, and with 15 ms to go.
extern "C" void joywire_calm_watchdog() __attribute__((naked, used, section(".init3")));
void joywire_calm_watchdog()
{
    MCUSR = 0;
    wdt_disable();
}

static uint8_t saved_interrupts;

void joywire_lock()
{
    uint8_t before = SREG;
    cli();
    saved_interrupts = before;
}

void joywire_unlock()
{
    SREG = saved_interrupts;
}

uint16_t joywire_count_start()
{
    uint16_t starts = eeprom_read_word(&kept->starts) + 1;
    // Byte by byte, and the upper one first when it changes: cut short by a power failure this skips some
    // numbers, and never comes back to old ones.
    if ((uint8_t)starts == 0)
        eeprom_update_byte((uint8_t *)&kept->starts + 1, starts >> 8);
    eeprom_update_byte((uint8_t *)&kept->starts, (uint8_t)starts);
    return starts;
}

uint32_t joywire_kept_latch()
{
    uint32_t name = eeprom_read_dword(&kept->latch), inverted = eeprom_read_dword(&kept->latch_inverted);
    if (name == BLANK && inverted == BLANK)
        return 0; // a new board
    if (inverted == ~name)
        return name;
    return name != 0 ? name : 1;
}

void joywire_keep_latch(uint32_t name)
{
    eeprom_update_dword(&kept->latch, name);
    eeprom_update_dword(&kept->latch_inverted, ~name);
}

static void (*on_tick)();
static volatile uint8_t ticks;

// Timer 0 makes millis() and turns over 976 times a second. Its compare interrupt comes as often, wherever in the
// turn pin 6 (or 13 on a Mega) has set it.
ISR(TIMER0_COMPA_vect)
{
    ticks++;
    on_tick();
}

void joywire_start_timer(void (*tick)())
{
    on_tick = tick;
    TIMSK0 |= _BV(OCIE0A);
}

void joywire_start_watchdog()
{
    wdt_enable(WDTO_120MS);
}

// Timer 0 as the Arduino core sets it up: 64 cycles a count, and both its interrupts on.
static bool clock_is_right()
{
    const uint8_t interrupts = _BV(TOIE0) | _BV(OCIE0A);
    return (TIMSK0 & interrupts) == interrupts && (TCCR0B & 7) == (_BV(CS01) | _BV(CS00));
}

void joywire_feed_watchdog()
{
    static uint8_t seen_ticks;
    static uint8_t seen_ms;
#ifdef USBCON
    // The IDE opens the port at 1200 baud and hangs up: the board must let the watchdog start its bootloader.
    if (Serial.baud() == 1200 && !Serial.dtr())
        return;
#endif
    // No interrupt since the last time, or a clock that stands still or goes at another pace: if that stays so, the
    // deadline does not hold, and the board must not be kept alive.
    uint8_t ms = (uint8_t)millis();
    if (ticks == seen_ticks || ms == seen_ms || !clock_is_right())
        return;
    seen_ticks = ticks;
    seen_ms = ms;
    wdt_reset();
}

#endif
