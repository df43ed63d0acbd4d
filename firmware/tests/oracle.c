/* The core at the end of two pipes, for tests that compare it with Joywire's own half of the protocol.
 *
 * Reads commands from standard input, appends what they gave to a log, and on 'S' writes the log's length (4 bytes)
 * and the log. Numbers are little-endian.
 *
 *   B boot(2) latch(4) tick(4) motors(1)   switch on log: what it sent
 *   R len(1) bytes               bytes from the host log: what it sent, then its outputs (2 each)
 *   T count(1)                   milliseconds pass   log: the same after each of them
 *   W ms(2)                      the loop looks away; only the timer interrupt goes on
 *   Z                            power fails, comes back at tick 0     log: what it sent
 *   F len(1) bytes               frames alone        log: for each that ends: its length or 255, its body, and that
 *                                                    body framed again
 *   M len(1) body                messages alone      log: the type, or 0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jw_robot.h"

static struct jw_robot robot;
static struct jw_reader reader;
static uint32_t now, latch;
static uint16_t boot_count;
static int16_t outputs[JW_MAX_MOTORS];

static uint8_t *written;
static size_t len, capacity;

static void record(const void *bytes, size_t count)
{
    if (len + count > capacity) {
        capacity = 2 * (len + count);
        written = realloc(written, capacity);
        if (!written)
            abort();
    }
    memcpy(written + len, bytes, count);
    len += count;
}

static void nothing(void)
{
}

static struct jw_board board;

static void drive(const int16_t *permille)
{
    memcpy(outputs, permille, board.motors * sizeof *outputs);
}

static uint8_t room(void)
{
    return 255;
}

static void send(const uint8_t *bytes, uint8_t count)
{
    record(bytes, count);
}

static void keep_latch(uint32_t name)
{
    latch = name;
}

static struct jw_board board = {
    .motors = 2,
    .name = "joywire-sim",
    .lock = nothing,
    .unlock = nothing,
    .drive = drive,
    .room = room,
    .send = send,
    .keep_latch = keep_latch,
};

static void read_exactly(void *to, size_t count)
{
    if (fread(to, 1, count, stdin) != count)
        exit(0);
}

static uint8_t read_bytes(uint8_t *bytes)
{
    uint8_t count;
    read_exactly(&count, 1);
    read_exactly(bytes, count);
    return count;
}

static void frames(const uint8_t *bytes, uint8_t count)
{
    for (uint8_t at = 0; at < count; at++) {
        uint8_t frame[JW_MAX_FRAME];
        int8_t body = jw_reader_push(&reader, bytes[at]);
        uint8_t told = (uint8_t)body;
        if (body == JW_NOTHING)
            continue;
        record(&told, 1);
        if (body == JW_DAMAGED)
            continue;
        record(jw_body(&reader), (size_t)body);
        memcpy(frame + JW_BODY_AT, jw_body(&reader), (size_t)body);
        record(frame, jw_frame_close(frame, (uint8_t)body));
    }
}

int main(void)
{
    uint8_t command, count, bytes[255], header[11];
    for (;;) {
        read_exactly(&command, 1);
        switch (command) {
        case 'B':
            read_exactly(header, sizeof header);
            boot_count = jw_get16(header);
            latch = jw_get32(header + 2);
            now = jw_get32(header + 6);
            board.motors = header[10];
            jw_robot_begin(&robot, &board, boot_count, latch, now);
            break;
        case 'R':
            count = read_bytes(bytes);
            for (uint8_t at = 0; at < count; at++)
                jw_robot_receive(&robot, bytes[at], now);
            record(outputs, board.motors * sizeof *outputs);
            break;
        case 'T':
            read_exactly(&count, 1);
            for (; count > 0; count--) {
                now++;
                jw_robot_tick(&robot, now);
                jw_robot_poll(&robot, now);
                record(outputs, board.motors * sizeof *outputs);
            }
            break;
        case 'W':
            read_exactly(header, 2);
            for (uint16_t left = jw_get16(header); left > 0; left--)
                jw_robot_tick(&robot, ++now);
            break;
        case 'Z':
            now = 0;
            jw_robot_begin(&robot, &board, ++boot_count, latch, now);
            break;
        case 'F':
            count = read_bytes(bytes);
            frames(bytes, count);
            break;
        case 'M':
            count = read_bytes(bytes);
            count = jw_message_type(bytes, count);
            record(&count, 1);
            break;
        case 'S':
            jw_put32(header, (uint32_t)len);
            fwrite(header, 1, 4, stdout);
            fwrite(written, 1, len, stdout);
            fflush(stdout);
            len = 0;
            break;
        default:
            fprintf(stderr, "no such command: %d\n", command);
            return 1;
        }
    }
}
