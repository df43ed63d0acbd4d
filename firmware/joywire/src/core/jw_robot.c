#include "jw_robot.h"

#include <string.h>

enum {
    THIRDS = 3,
    STEP = THIRDS * JW_FULL / JW_RISE_MS, /* an output rises by this many thirds of a permille in a millisecond */
};

/* --- motors: shared with the timer interrupt --------------------------------------------------------------- */

static bool is_commanded(const struct jw_robot *robot)
{
    for (uint8_t motor = 0; motor < robot->board->motors; motor++)
        if (robot->target[motor] != 0 || robot->output[motor] != 0)
            return true;
    return false;
}

static void write_outputs(struct jw_robot *robot)
{
    int16_t permille[JW_MAX_MOTORS];
    for (uint8_t motor = 0; motor < robot->board->motors; motor++)
        permille[motor] = robot->output[motor] / THIRDS;
    robot->board->drive(permille);
}

static void all_off(struct jw_robot *robot, enum jw_reason reason)
{
    for (uint8_t motor = 0; motor < JW_MAX_MOTORS; motor++)
        robot->target[motor] = robot->output[motor] = 0;
    robot->reason = reason;
    write_outputs(robot);
}

/* Outputs rise slowly and fall at once; a reversal passes through zero. Returns whether one changed. */
static bool ramp(struct jw_robot *robot, int16_t step)
{
    bool changed = false;
    for (uint8_t motor = 0; motor < robot->board->motors; motor++) {
        int16_t goal = (int16_t)(robot->target[motor] * THIRDS), before = robot->output[motor], after = goal;
        if ((goal > 0 && before < 0) || (goal < 0 && before > 0))
            after = 0;
        else if (goal > 0 && goal - before > step)
            after = (int16_t)(before + step);
        else if (goal < 0 && before - goal > step)
            after = (int16_t)(before - step);
        robot->output[motor] = after;
        changed |= after != before;
    }
    return changed;
}

void jw_robot_tick(struct jw_robot *robot, uint32_t now_ms)
{
    uint16_t elapsed = (uint16_t)((uint16_t)now_ms - robot->ticked);
    robot->ticked = (uint16_t)now_ms;
    if (elapsed == 0 || !is_commanded(robot))
        return;
    /* Modulo 2^32: the deadline is at most JW_MAX_TTL_MS ahead. It does not ask what anyone believes. */
    uint32_t left = robot->deadline - now_ms;
    if (left == 0 || left > JW_MAX_TTL_MS)
        all_off(robot, JW_DEADLINE);
    else if (ramp(robot, elapsed < JW_RISE_MS ? (int16_t)elapsed * STEP : THIRDS * JW_FULL))
        write_outputs(robot);
}

static void stop(struct jw_robot *robot, enum jw_reason reason)
{
    robot->board->lock();
    all_off(robot, reason);
    robot->board->unlock();
}

/* --- what the robot believes ------------------------------------------------------------------------------- */

static void want_neutral(struct jw_robot *robot)
{
    robot->wants_neutral = true;
    robot->has_neutral = false;
}

/* Ends a session: nothing of it is valid any more. */
static void close_session(struct jw_robot *robot, enum jw_reason reason)
{
    stop(robot, reason);
    robot->session = 0;
    robot->arm_asked = robot->armed = false;
    robot->has_seq = robot->has_link = robot->has_fresh = robot->proven = false;
    want_neutral(robot);
}

static uint16_t since(uint16_t then, uint32_t now)
{
    return (uint16_t)((uint16_t)now - then);
}

/* Takes note of a fresh message. */
static void heard(struct jw_robot *robot, bool neutral, uint32_t now)
{
    robot->fresh_at = now;
    robot->has_fresh = true;
    if (!robot->has_link)
        robot->link_since = (uint16_t)now;
    if (!robot->has_neutral)
        robot->neutral_since = (uint16_t)now;
    robot->has_link = true;
    robot->has_neutral = neutral;
    if (neutral && since(robot->neutral_since, now) >= JW_NEUTRAL_MS)
        robot->wants_neutral = false;
    if (since(robot->link_since, now) >= JW_PROVING_MS)
        robot->proven = true;
    if (robot->arm_asked && robot->proven)
        robot->armed = true;
}

static void check_link(struct jw_robot *robot, uint32_t now)
{
    if (!robot->has_fresh)
        return;
    uint32_t pause = now - robot->fresh_at;
    if (pause > JW_GAP_MS)
        robot->has_link = robot->has_neutral = robot->proven = false;
    if (pause >= JW_LONG_GAP_MS) {
        robot->has_fresh = false;
        stop(robot, JW_LINK_SILENT);
        want_neutral(robot);
    }
}

static void forget_old_damage(struct jw_robot *robot, uint32_t now)
{
    /* Oldest first. */
    while (robot->bad_count > 0 && since(robot->bad_at[0], now) >= JW_BAD_FRAMES_MS)
        memmove(robot->bad_at, robot->bad_at + 1, --robot->bad_count * sizeof robot->bad_at[0]);
}

static void damaged(struct jw_robot *robot, uint32_t now)
{
    robot->counters[JW_DAMAGED_FRAME]++;
    forget_old_damage(robot, now);
    robot->bad_at[robot->bad_count++] = (uint16_t)now;
    if (robot->bad_count > JW_BAD_FRAMES_MAX) {
        robot->bad_count = 0;
        close_session(robot, JW_BAD_FRAMES);
    }
}

enum jw_state jw_robot_state(const struct jw_robot *robot)
{
    if (robot->latch != 0)
        return JW_LATCHED;
    if (robot->session == 0)
        return JW_BOOT;
    if (!robot->armed)
        return JW_LINKED;
    if (is_commanded(robot))
        return JW_DRIVING;
    return robot->wants_neutral ? JW_STOPPED : JW_ARMED;
}

/* --- what the robot says ----------------------------------------------------------------------------------- */

static uint8_t *begin_message(uint8_t *frame, enum jw_type type, uint8_t flags)
{
    return jw_put8(jw_put8(frame + JW_BODY_AT, (uint8_t)(JW_MAJOR << 4 | type)), flags);
}

/* Sends the message that ends at `end`, if there is room for it now. */
static bool send(struct jw_robot *robot, uint8_t *frame, const uint8_t *end)
{
    uint8_t len = (uint8_t)(end - (frame + JW_BODY_AT));
    if (robot->board->room() < len + 7)
        return false;
    robot->board->send(frame, jw_frame_close(frame, len));
    return true;
}

static uint8_t *put_text(uint8_t *to, const char *text, uint8_t len)
{
    strncpy((char *)to, text, len);
    return to + len;
}

static bool send_hello_ack(struct jw_robot *robot)
{
    uint8_t frame[26 + 7];
    uint8_t *to = begin_message(frame, JW_HELLO_ACK, 0);
    to = jw_put16(to, robot->hello_nonce);
    to = jw_put8(to, robot->hello_fits ? JW_MAJOR : 0);
    to = jw_put16(to, robot->boot_count);
    to = jw_put8(to, robot->board->motors);
    to = jw_put16(to, JW_MAX_TTL_MS);
    to = put_text(to, robot->board->name, JW_NAME_LEN);
    return send(robot, frame, jw_put32(to, robot->board->hash));
}

static bool send_param(struct jw_robot *robot, uint8_t id)
{
    uint8_t frame[7 + 7];
    uint8_t *to = begin_message(frame, JW_PARAM, 0);
    return send(robot, frame, jw_put32(jw_put8(to, id), (uint32_t)robot->full[id - 1]));
}

static bool send_counters(struct jw_robot *robot)
{
    uint8_t frame[16 + 7];
    uint8_t *to = begin_message(frame, JW_COUNTERS, 0);
    for (uint8_t fate = 0; fate < JW_COUNTED; fate++)
        to = jw_put16(to, robot->counters[fate]);
    return send(robot, frame, to);
}

static uint16_t age_of_newest(const struct jw_robot *robot, uint32_t now)
{
    uint32_t age = now - robot->newest_tick;
    return !robot->has_seq ? 0xFFFF : age < 0xFFFE ? (uint16_t)age : 0xFFFE;
}

static bool send_status(struct jw_robot *robot, uint32_t now)
{
    uint8_t frame[26 + 6 * JW_MAX_MOTORS + 7];
    const struct jw_board *board = robot->board;
    uint16_t refused = 0;
    for (uint8_t fate = JW_NO_MESSAGE; fate < JW_COUNTED; fate++)
        refused = (uint16_t)(refused + robot->counters[fate]);
    uint8_t flags = robot->wants_neutral ? JW_STATUS_WANTS_NEUTRAL : 0;
    uint8_t *to = begin_message(frame, JW_STATUS, board->counts ? flags | JW_STATUS_COUNTS : flags);
    to = jw_put32(to, robot->session);
    to = jw_put32(to, now);
    to = jw_put16(to, robot->has_seq ? robot->seq : 0);
    to = jw_put16(to, age_of_newest(robot, now));
    uint8_t *outputs = to + 12; /* behind state, reason, battery, refused, damaged, latch */
    board->lock();
    to = jw_put8(to, jw_robot_state(robot));
    to = jw_put8(to, robot->reason);
    for (uint8_t motor = 0; motor < board->motors; motor++)
        outputs = jw_put16(outputs, (uint16_t)(robot->output[motor] / THIRDS));
    board->unlock();
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
    return send(robot, frame, to);
}

bool jw_robot_say(struct jw_robot *robot, const char *text)
{
    uint8_t frame[2 + JW_TEXT_LEN + 7];
    return send(robot, frame, put_text(begin_message(frame, JW_TEXT, 0), text, JW_TEXT_LEN));
}

/* Answers, as far as there is room. What does not fit waits, and is overwritten by what is asked meanwhile. */
static void answer(struct jw_robot *robot)
{
    if (robot->hello_waits && send_hello_ack(robot))
        robot->hello_waits = false;
    if (robot->param_waits != 0 && send_param(robot, robot->param_waits))
        robot->param_waits = 0;
}

/* --- what the robot is told -------------------------------------------------------------------------------- */

static bool is_ours(const struct jw_robot *robot, const uint8_t *body)
{
    return robot->session != 0 && jw_get32(body + JW_SESSION_AT) == robot->session;
}

static enum jw_fate hello(struct jw_robot *robot, const uint8_t *body)
{
    uint16_t nonce = jw_get16(body + JW_HELLO_NONCE_AT);
    uint32_t session = (uint32_t)nonce << 16 | robot->boot_count;
    robot->hello_nonce = nonce;
    robot->hello_fits = body[JW_HELLO_LOWEST_AT] <= JW_MAJOR && JW_MAJOR <= body[JW_HELLO_HIGHEST_AT];
    /* A repeated HELLO is one whose answer was lost: it must not restart the session. */
    if (robot->hello_fits && session != robot->session) {
        close_session(robot, robot->reason);
        robot->session = session;
    }
    robot->hello_waits = true;
    answer(robot);
    return JW_OBEYED;
}

/* Targets and deadline change together. */
static void obey(struct jw_robot *robot, const uint8_t *speeds, uint32_t deadline)
{
    robot->board->lock();
    for (uint8_t motor = 0; motor < robot->board->motors; motor++) {
        int16_t speed = (int16_t)jw_get16(speeds + 2 * motor);
        robot->target[motor] = (int16_t)((int32_t)speed * robot->full[motor] / JW_FULL);
    }
    robot->deadline = deadline;
    robot->board->unlock();
}

static void rest(struct jw_robot *robot)
{
    robot->board->lock();
    for (uint8_t motor = 0; motor < JW_MAX_MOTORS; motor++)
        robot->target[motor] = 0;
    robot->board->unlock();
}

static enum jw_fate drive(struct jw_robot *robot, const uint8_t *body, uint8_t len, uint32_t now)
{
    uint16_t seq = jw_get16(body + JW_DRIVE_SEQ_AT);
    uint32_t tick = jw_get32(body + JW_DRIVE_TICK_AT);
    uint16_t ttl = jw_get16(body + JW_DRIVE_TTL_AT);
    bool neutral = jw_drive_is_neutral(body, len);
    /* A ttl of 0 is a stop; whether the link is good is judged as usual. */
    if (ttl == 0 || ttl > JW_MAX_TTL_MS)
        ttl = JW_MAX_TTL_MS;
    /* A tick of the future is as wrong as one of the past: its age is huge. */
    bool fresh = now - tick < ttl;

    if (jw_drive_motors(len) != robot->board->motors)
        return JW_NO_MESSAGE;
    if (!is_ours(robot, body))
        return JW_FOREIGN_SESSION;
    if (robot->has_seq && (uint16_t)(seq - robot->seq - 1) >= 0x7FFF)
        return JW_OLD_SEQ;
    if (!neutral && !fresh)
        return JW_STALE;
    if (!neutral && (!robot->armed || robot->latch != 0 || robot->wants_neutral)) {
        /* Obeyed or not, a pushed stick is not neutral. */
        robot->has_neutral = false;
        return JW_BARRED;
    }
    robot->seq = seq;
    robot->has_seq = true;
    robot->newest_tick = tick;
    if (fresh)
        heard(robot, neutral, now);
    if (neutral)
        rest(robot);
    else
        obey(robot, body + JW_DRIVE_SPEEDS_AT, tick + ttl);
    return JW_ACCEPTED;
}

static void keep_latch(struct jw_robot *robot, uint32_t name)
{
    want_neutral(robot);
    robot->latch = name;
    if (robot->board->keep_latch)
        robot->board->keep_latch(name);
}

static enum jw_fate set_latch(struct jw_robot *robot, uint32_t now)
{
    /* Names this latching: an old reset does not fit it. */
    uint32_t name = now ^ (uint32_t)robot->boot_count << 16;
    stop(robot, JW_LATCH_SET);
    want_neutral(robot);
    if (robot->latch == 0)
        keep_latch(robot, name != 0 ? name : 1);
    return JW_OBEYED;
}

static enum jw_fate reset_latch(struct jw_robot *robot, const uint8_t *body)
{
    if (robot->latch == 0 || jw_get32(body + JW_LATCH_RESET_NAME_AT) != robot->latch)
        return JW_BARRED;
    keep_latch(robot, 0);
    return JW_OBEYED;
}

static enum jw_fate ask_param(struct jw_robot *robot, uint8_t id)
{
    if (id == 0 || id > robot->board->motors)
        return JW_BARRED;
    robot->param_waits = id;
    answer(robot);
    return JW_OBEYED;
}

static enum jw_fate set_param(struct jw_robot *robot, const uint8_t *body)
{
    uint8_t id = body[JW_PARAM_SET_ID_AT];
    uint32_t value = jw_get32(body + JW_PARAM_SET_VALUE_AT);
    robot->board->lock();
    bool moves = is_commanded(robot);
    robot->board->unlock();
    if (moves || id == 0 || id > robot->board->motors || value > JW_FULL)
        return JW_BARRED;
    robot->full[id - 1] = (int16_t)value;
    return ask_param(robot, id);
}

static enum jw_fate take(struct jw_robot *robot, const uint8_t *body, uint8_t len, uint32_t now)
{
    uint8_t type = jw_message_type(body, len);
    switch (type) {
    case JW_DRIVE: return drive(robot, body, len, now);
    case JW_HELLO: return hello(robot, body);
    case JW_LATCH: return set_latch(robot, now);
    case JW_PARAM_GET: return ask_param(robot, body[JW_PARAM_GET_ID_AT]);
    case JW_STOP:
        stop(robot, JW_HOST_STOP);
        want_neutral(robot);
        return JW_OBEYED;
    case 0: return JW_NO_MESSAGE;
    default: break;
    }
    if (!is_ours(robot, body))
        return JW_FOREIGN_SESSION;
    if (type == JW_LATCH_RESET)
        return reset_latch(robot, body);
    if (type == JW_PARAM_SET)
        return set_param(robot, body);
    robot->arm_asked = true;
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
    robot->status_at = robot->counters_at = robot->ticked = (uint16_t)now_ms;
    for (uint8_t motor = 0; motor < JW_MAX_MOTORS; motor++)
        robot->full[motor] = JW_FULL;
    close_session(robot, JW_NEVER);
}

void jw_robot_receive(struct jw_robot *robot, uint8_t byte, uint32_t now_ms)
{
    int8_t len = jw_reader_push(&robot->reader, byte);
    if (len == JW_DAMAGED)
        damaged(robot, now_ms);
    else if (len != JW_NOTHING)
        robot->counters[take(robot, jw_body(&robot->reader), (uint8_t)len, now_ms)]++;
}

void jw_robot_poll(struct jw_robot *robot, uint32_t now_ms)
{
    check_link(robot, now_ms);
    forget_old_damage(robot, now_ms);
    answer(robot);
    uint16_t late = since(robot->status_at, now_ms);
    if (late >= JW_STATUS_MS && send_status(robot, now_ms))
        /* A loop that was late does not catch up: only the newest status is worth the line. */
        robot->status_at = (uint16_t)(now_ms - (late < 2 * JW_STATUS_MS ? late - JW_STATUS_MS : 0));
    if (since(robot->counters_at, now_ms) >= JW_COUNTERS_MS && send_counters(robot))
        robot->counters_at = (uint16_t)now_ms;
}
