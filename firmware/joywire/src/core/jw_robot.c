#include "jw_robot.h"

#include <stdlib.h>
#include <string.h>

enum {
    THIRDS = 3,
    STEP = THIRDS * JW_FULL / JW_RISE_MS, /* an output rises by this many thirds of a permille in a millisecond */
};

/* Functions that are called from several places. A compiler that optimizes for size copies them into each all the
 * same, which would cost a tenth of the core's flash. */
#define SHARED __attribute__((noinline)) static

/* Keep the timer interrupt out and let it in again; the compiler, too, moves nothing past them. */
static void lock(const struct jw_robot *robot)
{
    robot->board->lock();
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static void unlock(const struct jw_robot *robot)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    robot->board->unlock();
}

/* --- motors: shared with the timer interrupt --------------------------------------------------------------- */

SHARED bool is_commanded(const struct jw_robot *robot)
{
    const struct jw_motor *motor = robot->motor;
    for (uint8_t left = JW_MAX_MOTORS; left > 0; left--, motor++)
        if (motor->target != 0 || motor->output != 0)
            return true;
    return false;
}

/* A third, without a division: exact for all outputs. */
static int16_t permille(int16_t thirds)
{
    uint16_t strength = (uint16_t)((uint32_t)(uint16_t)abs(thirds) * 21846 >> 16);
    return (int16_t)(thirds < 0 ? -strength : strength);
}

SHARED void write_outputs(struct jw_robot *robot)
{
    const struct jw_motor *motor = robot->motor;
    for (int16_t *told = robot->told; told < robot->told + JW_MAX_MOTORS; told++, motor++)
        *told = permille(motor->output);
    robot->board->drive(robot->told);
}

SHARED void all_off(struct jw_robot *robot, enum jw_reason reason)
{
    struct jw_motor *motor = robot->motor;
    for (uint8_t left = JW_MAX_MOTORS; left > 0; left--, motor++)
        motor->target = motor->output = 0;
    robot->reason = reason;
    write_outputs(robot);
}

/* Outputs rise slowly and fall at once; a reversal passes through zero. Returns whether one changed. */
static bool ramp(struct jw_robot *robot, int16_t step)
{
    struct jw_motor *motor = robot->motor;
    bool changed = false;
    for (uint8_t left = JW_MAX_MOTORS; left > 0; left--, motor++) {
        int16_t target = motor->target, before = motor->output;
        int16_t most = (int16_t)(before < 0 ? 0 : before + step), least = (int16_t)(before > 0 ? 0 : before - step);
        int16_t after = target > most ? most : target < least ? least : target;
        if (after != before)
            changed = true;
        motor->output = after;
    }
    return changed;
}

void jw_robot_tick(struct jw_robot *robot, uint32_t now_ms)
{
    uint16_t elapsed = (uint16_t)((uint16_t)now_ms - robot->ticked);
    robot->ticked = (uint16_t)now_ms;
    /* Modulo 2^32: the deadline is at most JW_MAX_TTL_MS ahead. It does not ask what anyone believes. */
    if (is_commanded(robot) && robot->deadline - now_ms - 1 >= JW_MAX_TTL_MS) {
        all_off(robot, JW_DEADLINE);
        return;
    }
    if (elapsed > JW_RISE_MS)
        elapsed = JW_RISE_MS;
    /* Now and then though nothing changed: a pin that something else has touched is right again then. */
    if (ramp(robot, (int16_t)(elapsed * STEP)) || (uint8_t)now_ms % JW_REPEAT_MS == 0)
        write_outputs(robot);
}

/* --- what the robot believes ------------------------------------------------------------------------------- */

static void want_neutral(struct jw_robot *robot)
{
    robot->wants_neutral = true;
    robot->session.has_neutral = false;
}

SHARED void stop(struct jw_robot *robot, enum jw_reason reason)
{
    lock(robot);
    all_off(robot, reason);
    unlock(robot);
    want_neutral(robot);
}

/* Ends a session: nothing of it is valid any more. */
SHARED void close_session(struct jw_robot *robot, enum jw_reason reason)
{
    stop(robot, reason);
    memset(&robot->session, 0, sizeof robot->session);
}

SHARED uint16_t since(const struct jw_robot *robot, uint16_t then)
{
    return (uint16_t)((uint16_t)robot->now - then);
}

/* Takes note of a fresh message. */
static void heard(struct jw_robot *robot, bool neutral)
{
    robot->session.fresh_at = robot->now;
    robot->session.has_fresh = true;
    if (!robot->session.has_link)
        robot->session.link_since = (uint16_t)robot->now;
    if (!robot->session.has_neutral)
        robot->session.neutral_since = (uint16_t)robot->now;
    robot->session.has_link = true;
    robot->session.has_neutral = neutral;
    if (neutral && since(robot, robot->session.neutral_since) >= JW_NEUTRAL_MS)
        robot->wants_neutral = false;
    if (since(robot, robot->session.link_since) >= JW_PROVING_MS)
        robot->session.proven = true;
    if (robot->session.arm_asked && robot->session.proven)
        robot->session.armed = true;
}

/* The loop is back, perhaps after it looked away for a while: first of all the link is judged. */
SHARED void wake(struct jw_robot *robot, uint32_t now_ms)
{
    robot->now = now_ms;
    if (!robot->session.has_fresh)
        return;
    uint32_t pause = robot->now - robot->session.fresh_at;
    if (pause > JW_GAP_MS)
        robot->session.has_link = robot->session.has_neutral = robot->session.proven = false;
    if (pause >= JW_LONG_GAP_MS) {
        robot->session.has_fresh = false;
        stop(robot, JW_LINK_SILENT);
    }
}

static void damaged(struct jw_robot *robot)
{
    uint16_t *oldest = &robot->bad_at[robot->bad_next];
    robot->counters[JW_DAMAGED_FRAME]++;
    if (robot->bad_count == JW_BAD_FRAMES_MAX && since(robot, *oldest) < JW_BAD_FRAMES_MS) {
        robot->bad_count = 0;
        close_session(robot, JW_BAD_FRAMES);
        return;
    }
    *oldest = robot->bad_newest = (uint16_t)robot->now;
    if (++robot->bad_next == JW_BAD_FRAMES_MAX)
        robot->bad_next = 0;
    if (robot->bad_count < JW_BAD_FRAMES_MAX)
        robot->bad_count++;
}

enum jw_state jw_robot_state(const struct jw_robot *robot)
{
    if (robot->latch != 0)
        return JW_LATCHED;
    if (robot->session.id == 0)
        return JW_BOOT;
    if (!robot->session.armed)
        return JW_LINKED;
    if (is_commanded(robot))
        return JW_DRIVING;
    return robot->wants_neutral ? JW_STOPPED : JW_ARMED;
}

/* --- what the robot says ----------------------------------------------------------------------------------- */

static uint8_t *put_text(uint8_t *to, const char *text, uint8_t len)
{
    strncpy((char *)to, text, len);
    return to + len;
}

static uint8_t *put_hello_ack(const struct jw_robot *robot, uint8_t *to)
{
    to = jw_put16(to, robot->hello_nonce);
    to = jw_put8(to, robot->hello_fits ? JW_MAJOR : 0);
    to = jw_put16(to, robot->boot_count);
    to = jw_put8(to, robot->board->motors);
    to = jw_put16(to, JW_MAX_TTL_MS);
    to = put_text(to, robot->board->name, JW_NAME_LEN);
    return jw_put32(to, robot->board->hash);
}

static uint8_t *put_param(const struct jw_robot *robot, uint8_t *to)
{
    uint8_t id = robot->param_waits;
    return jw_put32(jw_put8(to, id), robot->motor[id - 1].full);
}

static uint8_t *put_counters(const struct jw_robot *robot, uint8_t *to)
{
    for (uint8_t fate = 0; fate < JW_COUNTED; fate++)
        to = jw_put16(to, robot->counters[fate]);
    return to;
}

static uint16_t age_of_newest(const struct jw_robot *robot)
{
    uint32_t age = robot->now - robot->session.newest_tick;
    return !robot->session.has_seq ? 0xFFFF : age < 0xFFFE ? (uint16_t)age : 0xFFFE;
}

static uint8_t *put_status(const struct jw_robot *robot, uint8_t *to)
{
    const struct jw_board *board = robot->board;
    uint16_t refused = 0;
    for (uint8_t fate = JW_NO_MESSAGE; fate < JW_COUNTED; fate++)
        refused = (uint16_t)(refused + robot->counters[fate]);
    to = jw_put32(to, robot->session.id);
    to = jw_put32(to, robot->now);
    to = jw_put16(to, robot->session.seq);
    to = jw_put16(to, age_of_newest(robot));
    uint8_t *outputs = to + 12; /* behind state, reason, battery, refused, damaged, latch */
    lock(robot);
    to = jw_put8(to, jw_robot_state(robot));
    to = jw_put8(to, robot->reason);
    for (uint8_t motor = 0; motor < board->motors; motor++)
        outputs = jw_put16(outputs, (uint16_t)robot->told[motor]);
    unlock(robot);
    to = jw_put16(to, board->battery_mv ? board->battery_mv() : 0);
    to = jw_put16(to, refused);
    to = jw_put16(to, robot->counters[JW_DAMAGED_FRAME]);
    to = jw_put32(to, robot->latch);
    to = outputs;
    if (board->counts) {
        int32_t counts[JW_MAX_MOTORS];
        board->counts(counts);
        for (uint8_t motor = 0; motor < board->motors; motor++)
            to = jw_put32(to, (uint32_t)counts[motor]);
    }
    return to;
}

static uint8_t status_flags(const struct jw_robot *robot)
{
    uint8_t flags = robot->wants_neutral ? JW_STATUS_WANTS_NEUTRAL : 0;
    return robot->board->counts ? flags | JW_STATUS_COUNTS : flags;
}

/* Sends a message, if there is room for it now. Only TEXT has a text. */
SHARED bool send(struct jw_robot *robot, enum jw_type type, const char *text)
{
    uint8_t frame[26 + 6 * JW_MAX_MOTORS + 7]; /* STATUS is the longest */
    uint8_t *to = jw_put8(frame + JW_BODY_AT, (uint8_t)(JW_MAJOR << 4 | type));
    to = jw_put8(to, type == JW_STATUS ? status_flags(robot) : 0);
    switch (type) {
    case JW_HELLO_ACK: to = put_hello_ack(robot, to); break;
    case JW_PARAM: to = put_param(robot, to); break;
    case JW_COUNTERS: to = put_counters(robot, to); break;
    case JW_STATUS: to = put_status(robot, to); break;
    default: to = put_text(to, text, JW_TEXT_LEN); break;
    }
    uint8_t len = (uint8_t)(to - (frame + JW_BODY_AT));
    if (robot->board->room() < len + 7)
        return false;
    robot->board->send(frame, jw_frame_close(frame, len));
    return true;
}

bool jw_robot_say(struct jw_robot *robot, const char *text)
{
    return send(robot, JW_TEXT, text);
}

/* Answers, as far as there is room. What does not fit waits, and is overwritten by what is asked meanwhile. */
SHARED void answer(struct jw_robot *robot)
{
    if (robot->hello_waits && send(robot, JW_HELLO_ACK, 0))
        robot->hello_waits = false;
    if (robot->param_waits != 0 && send(robot, JW_PARAM, 0))
        robot->param_waits = 0;
}

/* --- what the robot is told -------------------------------------------------------------------------------- */

static enum jw_fate hello(struct jw_robot *robot, const uint8_t *body)
{
    uint16_t nonce = jw_get16(body + JW_HELLO_NONCE_AT);
    uint32_t session = (uint32_t)nonce << 16 | robot->boot_count;
    robot->hello_nonce = nonce;
    robot->hello_fits = body[JW_HELLO_LOWEST_AT] <= JW_MAJOR && JW_MAJOR <= body[JW_HELLO_HIGHEST_AT];
    /* A repeated HELLO is one whose answer was lost: it must not restart the session. */
    if (robot->hello_fits && session != robot->session.id) {
        close_session(robot, robot->reason);
        robot->session.id = session;
    }
    robot->hello_waits = true;
    return JW_OBEYED;
}

/* speed * full / JW_FULL, both 0...JW_FULL, bit by bit: without the 32-bit division for which an AVR has no
 * instruction. The timer interrupt has to wait for this. */
SHARED uint16_t scaled(uint16_t speed, uint16_t full)
{
    uint16_t whole = 0, rest = 0;
    for (uint16_t bit = 512; bit != 0; bit >>= 1) {
        whole *= 2;
        rest *= 2;
        if (speed & bit)
            rest = (uint16_t)(rest + full);
        for (; rest >= JW_FULL; rest = (uint16_t)(rest - JW_FULL))
            whole++;
    }
    return whole;
}

/* Targets and deadline change together. */
static void aim(struct jw_robot *robot, const uint8_t *speeds, bool neutral, uint32_t deadline)
{
    struct jw_motor *motor = robot->motor;
    lock(robot);
    for (uint8_t left = robot->board->motors; left > 0; left--, motor++, speeds += 2) {
        int16_t speed = neutral ? 0 : (int16_t)jw_get16(speeds);
        int16_t strength = (int16_t)(THIRDS * scaled((uint16_t)abs(speed), motor->full));
        motor->target = (int16_t)(speed < 0 ? -strength : strength);
    }
    if (!neutral)
        robot->deadline = deadline;
    unlock(robot);
}

static enum jw_fate drive(struct jw_robot *robot, const uint8_t *body, uint8_t len)
{
    uint16_t seq = jw_get16(body + JW_DRIVE_SEQ_AT);
    uint32_t tick = jw_get32(body + JW_DRIVE_TICK_AT);
    uint16_t ttl = jw_get16(body + JW_DRIVE_TTL_AT);
    bool neutral = jw_drive_is_neutral(body, len);
    /* A ttl of 0 is a stop; whether the link is good is judged as usual. */
    if (ttl == 0 || ttl > JW_MAX_TTL_MS)
        ttl = JW_MAX_TTL_MS;
    /* A tick of the future is as wrong as one of the past: its age is huge. */
    bool fresh = robot->now - tick < ttl;

    if (robot->session.has_seq && (uint16_t)(seq - robot->session.seq - 1) >= 0x7FFF)
        return JW_OLD_SEQ;
    if (!neutral && !fresh)
        return JW_STALE;
    if (!neutral && (!robot->session.armed || robot->latch != 0 || robot->wants_neutral)) {
        /* Obeyed or not, a pushed stick is not neutral. */
        robot->session.has_neutral = false;
        return JW_BARRED;
    }
    robot->session.seq = seq;
    robot->session.has_seq = true;
    robot->session.newest_tick = tick;
    if (fresh)
        heard(robot, neutral);
    aim(robot, body + JW_DRIVE_SPEEDS_AT, neutral, tick + ttl);
    return JW_ACCEPTED;
}

SHARED void keep_latch(struct jw_robot *robot, uint32_t name)
{
    robot->latch = name;
    if (robot->board->keep_latch)
        robot->board->keep_latch(name);
}

static enum jw_fate set_latch(struct jw_robot *robot)
{
    /* Names this latching: an old reset does not fit it. */
    uint32_t name = robot->now ^ (uint32_t)robot->boot_count << 16;
    stop(robot, JW_LATCH_SET);
    if (robot->latch == 0)
        keep_latch(robot, name != 0 ? name : 1);
    return JW_OBEYED;
}

static enum jw_fate reset_latch(struct jw_robot *robot, const uint8_t *body)
{
    if (robot->latch == 0 || jw_get32(body + JW_LATCH_RESET_NAME_AT) != robot->latch)
        return JW_BARRED;
    want_neutral(robot);
    keep_latch(robot, 0);
    return JW_OBEYED;
}

static enum jw_fate ask_param(struct jw_robot *robot, uint8_t id)
{
    if (id == 0 || id > robot->board->motors)
        return JW_BARRED;
    robot->param_waits = id;
    return JW_OBEYED;
}

static enum jw_fate set_param(struct jw_robot *robot, const uint8_t *body)
{
    uint8_t id = body[JW_PARAM_SET_ID_AT];
    uint32_t value = jw_get32(body + JW_PARAM_SET_VALUE_AT);
    lock(robot);
    bool moves = is_commanded(robot);
    unlock(robot);
    if (moves || id == 0 || id > robot->board->motors || value > JW_FULL)
        return JW_BARRED;
    robot->motor[id - 1].full = (uint16_t)value;
    return ask_param(robot, id);
}

static enum jw_fate take(struct jw_robot *robot, const uint8_t *body, uint8_t len)
{
    uint8_t type = jw_message_type(body, len);
    if (type == JW_DRIVE && jw_drive_motors(len) != robot->board->motors)
        return JW_NO_MESSAGE;
    switch (type) {
    case JW_HELLO: return hello(robot, body);
    case JW_LATCH: return set_latch(robot);
    case JW_PARAM_GET: return ask_param(robot, body[JW_PARAM_GET_ID_AT]);
    case JW_STOP:
        stop(robot, JW_HOST_STOP);
        return JW_OBEYED;
    case 0: return JW_NO_MESSAGE;
    default: break;
    }
    if (robot->session.id == 0 || jw_get32(body + JW_SESSION_AT) != robot->session.id)
        return JW_FOREIGN_SESSION;
    if (type == JW_DRIVE)
        return drive(robot, body, len);
    if (type == JW_LATCH_RESET)
        return reset_latch(robot, body);
    if (type == JW_PARAM_SET)
        return set_param(robot, body);
    robot->session.arm_asked = true;
    return JW_OBEYED;
}

/* --- what the board calls ---------------------------------------------------------------------------------- */

void jw_robot_begin(struct jw_robot *robot, const struct jw_board *board, uint16_t boot_count, uint32_t latch,
                    uint32_t now_ms)
{
    memset(robot, 0, sizeof *robot);
    robot->board = board;
    robot->boot_count = boot_count;
    robot->latch = latch;
    robot->now = now_ms;
    robot->status_at = robot->counters_at = robot->ticked = (uint16_t)now_ms;
    for (uint8_t motor = 0; motor < JW_MAX_MOTORS; motor++)
        robot->motor[motor].full = JW_FULL;
    close_session(robot, JW_NEVER);
}

void jw_robot_receive(struct jw_robot *robot, uint8_t byte, uint32_t now_ms)
{
    int8_t len = jw_reader_push(&robot->reader, byte);
    wake(robot, now_ms);
    if (len == JW_DAMAGED)
        damaged(robot);
    else if (len != JW_NOTHING)
        robot->counters[take(robot, jw_body(&robot->reader), (uint8_t)len)]++;
    answer(robot);
}

void jw_robot_poll(struct jw_robot *robot, uint32_t now_ms)
{
    wake(robot, now_ms);
    /* Before sixteen bits wrap and old damage looks new. */
    if (since(robot, robot->bad_newest) >= JW_BAD_FRAMES_MS)
        robot->bad_count = 0;
    answer(robot);
    uint16_t late = since(robot, robot->status_at);
    if (late >= JW_STATUS_MS && send(robot, JW_STATUS, 0))
        /* A loop that was late does not catch up: only the newest status is worth the line. */
        robot->status_at = late < 2 * JW_STATUS_MS ? (uint16_t)(robot->status_at + JW_STATUS_MS) : (uint16_t)now_ms;
    if (since(robot, robot->counters_at) >= JW_COUNTERS_MS && send(robot, JW_COUNTERS, 0))
        robot->counters_at = (uint16_t)now_ms;
}
