// Boards with an AVR: Uno, Nano, Mega, Leonardo.
#ifdef __AVR__

#include "board.h"

#include <avr/eeprom.h>
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/wdt.h>

// The last bytes of the EEPROM: sketches that use it begin at the front.
struct Kept {
    uint32_t latch;
    uint32_t latch_inverted; // a latch that was cut short by a power failure does not fit this
    uint16_t starts;
    uint16_t magic;
};
static const uint16_t MAGIC = 0x574A;
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
    if (eeprom_read_word(&kept->magic) != MAGIC) {
        joywire_keep_latch(0);
        eeprom_update_word(&kept->starts, 0);
        eeprom_update_word(&kept->magic, MAGIC);
    }
    uint16_t starts = eeprom_read_word(&kept->starts) + 1;
    eeprom_update_word(&kept->starts, starts);
    return starts;
}

uint32_t joywire_kept_latch()
{
    uint32_t name = eeprom_read_dword(&kept->latch);
    if (eeprom_read_dword(&kept->latch_inverted) == ~name)
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

void joywire_feed_watchdog()
{
    static uint8_t seen;
    if (ticks == seen)
        return; // no interrupt since the last time: if that stays so, the board must not be kept alive
    seen = ticks;
    wdt_reset();
}

#endif
