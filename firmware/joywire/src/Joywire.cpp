#include "Joywire.h"

#include "board/board.h"

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

void Joywire::prepare(uint8_t motors, JoywireDrive drive, const char *name)
{
    board.motors = motors;
    board.name = name;
    board.hash = JOYWIRE_HASH;
    board.drive = drive;
    board.lock = joywire_lock;
    board.unlock = joywire_unlock;
    board.room = room;
    board.send = send;
    board.keep_latch = joywire_keep_latch;
    // In this order: the first start of a new board prepares its memory. The motors are off since reset.
    uint16_t starts = joywire_count_start();
    uint32_t latch = joywire_kept_latch();
    jw_robot_begin(&robot, &board, starts, latch, millis());
}

void Joywire::start(Stream &port)
{
    the_line = &port;
    the_robot = &robot;
    joywire_start_timer(tick);
    joywire_start_watchdog();
}

void Joywire::update()
{
    joywire_feed_watchdog();
    // Bytes that came meanwhile wait for the next call: others in loop() want their turn, too.
    for (int bytes = the_line->available(); bytes > 0; bytes--)
        jw_robot_receive(&robot, the_line->read(), millis());
    jw_robot_poll(&robot, millis());
}
