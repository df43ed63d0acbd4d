/* libFuzzer: any bytes at any time. Judges what must hold whatever a host says.
 *
 * The first byte: bit 0, the robot is armed before anything else happens; bit 1, its clock is about to wrap. Then, again
 * and again, a byte that says how many milliseconds pass (modulo 64) and what comes: below 128 a DRIVE that four
 * more bytes spoil or not, below 192 a whole frame (length, body), else one byte. */
#include <stdlib.h>
#include <string.h>

#include "jw_robot.h"

static struct jw_robot robot;
static int16_t before[2], outputs[2];
static uint32_t now, last_bytes;

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void nothing(void)
{
}

static void drive(const int16_t *permille)
{
    memcpy(outputs, permille, sizeof outputs);
}

static uint8_t room(void)
{
    return (uint8_t)(now % 80);
}

static void send(const uint8_t *bytes, uint8_t len)
{
    /* What it says is always a whole frame. */
    struct jw_reader reader = {0};
    int8_t body = JW_NOTHING;
    for (uint8_t at = 0; at < len; at++) {
        must(body == JW_NOTHING);
        body = jw_reader_push(&reader, bytes[at]);
    }
    must(body > 0);
}

static const struct jw_board board = {
    .motors = 2, .name = "fuzz", .lock = nothing, .unlock = nothing, .drive = drive, .room = room, .send = send,
};

static void pass(uint8_t milliseconds)
{
    for (; milliseconds > 0; milliseconds--) {
        memcpy(before, outputs, sizeof before);
        now++;
        jw_robot_tick(&robot, now);
        jw_robot_poll(&robot, now);
        for (int motor = 0; motor < 2; motor++) {
            must(abs(outputs[motor]) <= JW_FULL);
            must(abs(outputs[motor]) - abs(before[motor]) <= 4);
            must(outputs[motor] * before[motor] >= 0);
            must(outputs[motor] == 0 || now - last_bytes <= JW_MAX_TTL_MS);
        }
    }
}

static void receive(uint8_t byte)
{
    last_bytes = now;
    memcpy(before, outputs, sizeof before);
    jw_robot_receive(&robot, byte, now);
    /* Bytes alone never start a motor. */
    for (int motor = 0; motor < 2; motor++)
        must(outputs[motor] == before[motor] || outputs[motor] == 0);
}

static void receive_frame(uint8_t *frame, uint8_t len)
{
    len = jw_frame_close(frame, len);
    for (uint8_t at = 0; at < len; at++)
        receive(frame[at]);
}

/* A DRIVE that fits, but for what four bytes of the input say. */
static void receive_drive(const uint8_t *twist)
{
    uint8_t frame[JW_MAX_FRAME], *body = frame + JW_BODY_AT;
    memset(body, 0, JW_DRIVE_LEN + 4);
    body[0] = JW_MAJOR << 4 | JW_DRIVE;
    body[1] = JW_DRIVE_ENABLE;
    jw_put32(body + JW_SESSION_AT, robot.session.id);
    jw_put16(body + JW_DRIVE_SEQ_AT, (uint16_t)(robot.session.seq + 1 + (twist[0] & 1) - (twist[0] == 255)));
    jw_put32(body + JW_DRIVE_TICK_AT, now - twist[1]);
    jw_put16(body + JW_DRIVE_TTL_AT, twist[0] & 2 ? 230 : (uint16_t)(twist[0] * 8));
    jw_put16(body + JW_DRIVE_SPEEDS_AT, (uint16_t)(8 * (int8_t)twist[2]));
    jw_put16(body + JW_DRIVE_SPEEDS_AT + 2, (uint16_t)(8 * (int8_t)twist[3]));
    receive_frame(frame, JW_DRIVE_LEN + 4);
}

static void receive_message(const uint8_t *bytes, uint8_t len)
{
    uint8_t frame[JW_MAX_FRAME];
    memcpy(frame + JW_BODY_AT, bytes, len);
    receive_frame(frame, len);
}

/* In a session, armed, and neutral for long enough. */
static void make_ready(void)
{
    static const uint8_t hello[] = {JW_MAJOR << 4 | JW_HELLO, 0, 1, 2, JW_MAJOR, JW_MAJOR};
    uint8_t arm[6] = {JW_MAJOR << 4 | JW_ARM, 0};
    static const uint8_t neutral[4] = {2, 0, 0, 0};
    receive_message(hello, sizeof hello);
    jw_put32(arm + JW_SESSION_AT, robot.session.id);
    receive_message(arm, sizeof arm);
    for (int i = 0; i < 30; i++) {
        receive_drive(neutral);
        pass(20);
    }
    must(jw_robot_state(&robot) == JW_ARMED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    now = data[0] & 2 ? 0xFFFFFD00 : 0;
    memset(outputs, 0, sizeof outputs);
    jw_robot_begin(&robot, &board, 7, 0, now);
    if (data[0] & 1)
        make_ready();
    for (data++, size--; size >= 6;) {
        uint8_t len = data[1] % 35;
        pass(data[0] % 64);
        if (data[0] < 128) {
            receive_drive(data + 1);
            data += 5, size -= 5;
        } else if (data[0] < 192 && len > 0 && size >= 2u + len) {
            receive_message(data + 2, len);
            data += 2 + len, size -= 2u + len;
        } else {
            receive(data[1]);
            data += 2, size -= 2;
        }
    }
    pass(255);
    must(outputs[0] == 0 && outputs[1] == 0);
    return 0;
}
