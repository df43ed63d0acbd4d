/* A board with nothing on it, to weigh the core: size.sh builds this twice, with the core and without, and the
 * difference is what the core takes of a microcontroller. Every callback is there, so that nothing is left out. */
#include <avr/interrupt.h>
#include <avr/io.h>

#include "jw_robot.h"

static volatile uint32_t now_ms;
static volatile uint8_t port;

#ifdef WITH_CORE
static struct jw_robot robot;

static void lock(void)
{
    cli();
}

static void unlock(void)
{
    sei();
}

static void drive(const int16_t *permille)
{
    port = (uint8_t)permille[0];
}

static uint8_t room(void)
{
    return port;
}

static void send(const uint8_t *bytes, uint8_t len)
{
    while (len--)
        port = *bytes++;
}

static void keep_latch(uint32_t name)
{
    port = (uint8_t)name;
}

static uint16_t battery_mv(void)
{
    return port;
}

static void counts(int32_t *counts)
{
    counts[0] = port;
}

static const struct jw_board board = {
    .motors = 2,
    .name = "size",
    .lock = lock,
    .unlock = unlock,
    .drive = drive,
    .room = room,
    .send = send,
    .keep_latch = keep_latch,
    .battery_mv = battery_mv,
    .counts = counts,
};
#endif

ISR(TIMER0_COMPA_vect)
{
    now_ms++;
#ifdef WITH_CORE
    jw_robot_tick(&robot, now_ms);
#endif
}

static uint32_t now(void)
{
    cli();
    uint32_t ms = now_ms;
    sei();
    return ms;
}

int main(void)
{
#ifdef WITH_CORE
    jw_robot_begin(&robot, &board, port, port, now());
#endif
    for (;;) {
        uint8_t byte = port;
        uint32_t ms = now();
#ifdef WITH_CORE
        jw_robot_receive(&robot, byte, ms);
        jw_robot_poll(&robot, ms);
        if (port == 1)
            jw_robot_say(&robot, "");
#else
        port = byte + (uint8_t)ms;
#endif
    }
}
