#include "Joywire.h"

#include "board/board.h"

#if !defined(__AVR__) && !defined(ARDUINO_ARCH_ESP32) && !defined(ARDUINO_ARCH_RP2040)
#error "Joywire knows boards with AVR, ESP32 and RP2040. Its README tells how to bring it to another."
#endif

#ifndef JOYWIRE_HASH
#define JOYWIRE_HASH 0 // of the sketch's source; `make firmware` passes it
#endif

Joywire joywire;

static Stream *the_line;

static uint8_t room()
{
    int bytes = the_line->availableForWrite();
    return bytes < 0 ? 0 : bytes > 255 ? 255 : bytes;
}

static void send(const uint8_t *bytes, uint8_t len)
{
    the_line->write(bytes, len);
}

// In the timer interrupt, every millisecond.
static jw_robot *the_robot;
static void tick()
{
    jw_robot_tick(the_robot, millis());
}

static void keep_latch(uint32_t name)
{
    joywire_keep_latch(name);
    // Latched it is all the same, until the power fails.
    if (joywire_kept_latch() != name)
        joywire.say("STOP is not kept: memory is worn");
}

void Joywire::prepare(uint8_t motors, JoywireDrive drive, const char *name)
{
    board.motors = motors <= JW_MAX_MOTORS ? motors : uint8_t(JW_MAX_MOTORS);
    board.name = name;
    board.hash = JOYWIRE_HASH;
    board.drive = drive;
    board.lock = joywire_lock;
    board.unlock = joywire_unlock;
    board.room = room;
    board.send = send;
    board.keep_latch = keep_latch;
    // Off before anything else can go wrong: memory is slow.
    static const int16_t off[JW_MAX_MOTORS] = {};
    drive(off);
    jw_robot_begin(&robot, &board, joywire_count_start(), joywire_kept_latch(), millis());
}

void Joywire::start(Stream &port)
{
    the_line = &port;
    the_robot = &robot;
    joywire_start_timer(tick);
    joywire_start_watchdog();
}

bool Joywire::say(const char *text)
{
    return the_line && jw_robot_say(&robot, text);
}

void Joywire::update()
{
    if (!the_line)
        return;
    joywire_feed_watchdog();
    // Bytes that came meanwhile wait for the next call: others in loop() want their turn, too.
    for (int bytes = the_line->available(); bytes > 0; bytes--)
        jw_robot_receive(&robot, the_line->read(), millis());
    jw_robot_poll(&robot, millis());
}
