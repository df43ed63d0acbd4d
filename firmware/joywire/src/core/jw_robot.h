/* The robot's half of the protocol: what it believes, when its motors may turn, and that they stop.
 *
 * No heap, no waiting, no Arduino. The board passes bytes and its clock in, and gets bytes and motor outputs out.
 * The rules are those of firmware-protocol.md; tests hold this code against Joywire's simulated robot. */
#ifndef JW_ROBOT_H
#define JW_ROBOT_H

#include "jw_frame.h"
#include "jw_message.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    JW_STATUS_MS = 25,     /* time between two STATUS: 40 a second */
    JW_COUNTERS_MS = 1000, /* time between two COUNTERS */
    JW_MAX_TTL_MS = 230,   /* how long after its tick a command may drive */
    JW_PROVING_MS = 500,   /* link that must have been good before the first motion */
    JW_GAP_MS = 250,       /* a pause between fresh messages that ends a good link */
    JW_LONG_GAP_MS = 1000, /* after a pause this long motion needs neutral first */
    JW_NEUTRAL_MS = 200,   /* for this long */
    JW_RISE_MS = 300,      /* outputs rise from 0 to full in this time */
    JW_REPEAT_MS = 16,     /* outputs are written this often even if they do not change; a power of 2 */
    JW_BAD_FRAMES_MAX = 20, /* more damaged frames than this ... */
    JW_BAD_FRAMES_MS = 1000, /* ... within this time stop the robot */
};

/* What the core needs of a board. `lock` and `unlock` keep the timer interrupt out, whichever
 * processor it runs on; calls are not nested. */
struct jw_board {
    uint8_t motors;   /* 1...4 */
    const char *name; /* of the firmware, at most 12 characters */
    uint32_t hash;    /* of its source; 0: not known */
    void (*lock)(void);
    void (*unlock)(void);
    /* Sets the motors, permille of full, -1000...1000. Called in the timer interrupt or between lock and unlock. */
    void (*drive)(const int16_t *permille);
    /* How many bytes `send` takes at once without waiting. */
    uint8_t (*room)(void);
    void (*send)(const uint8_t *bytes, uint8_t len);
    /* Remembers the latch over power failures; 0: open. Motors are off when it is called. May be null. */
    void (*keep_latch)(uint32_t name);
    /* Battery, mV. May be null. */
    uint16_t (*battery_mv)(void);
    /* Fills in a counter for each wheel; they may wrap. May be null. */
    void (*counts)(int32_t *counts);
};

/* What became of what the host sent; in the order of COUNTERS, each modulo 2^16, since the start. */
enum jw_fate {
    JW_ACCEPTED, /* DRIVE */
    JW_DAMAGED_FRAME,
    JW_NO_MESSAGE,      /* or with a field out of its range */
    JW_FOREIGN_SESSION, /* of another session than the open one */
    JW_OLD_SEQ,         /* DRIVE not newer than the last one */
    JW_STALE,           /* DRIVE with motion and too old a tick */
    JW_BARRED,          /* not now: not armed, latched, wants neutral, another latch's name, no such parameter */
    JW_COUNTED,         /* so many of them are told to the host */
    JW_OBEYED = JW_COUNTED, /* any other message */
    JW_FATES
} JW_PACKED;

/* What ends with a session. All zeros is a new one. */
struct jw_session {
    uint32_t id;          /* 0: none */
    uint32_t newest_tick; /* of the newest accepted DRIVE */
    uint32_t fresh_at;    /* when the newest fresh message came */
    uint16_t seq;         /* of the newest accepted DRIVE */
    /* Sixteen bits are enough for what is looked at more often than once a minute. */
    uint16_t link_since;    /* since when fresh messages have come without a gap */
    uint16_t neutral_since; /* since when all of them were neutral */
    bool has_seq, has_fresh, has_link, has_neutral, proven;
    bool arm_asked, armed;
};

/* Target and output are shared with the timer interrupt; in thirds of a permille, because the ramp is exact then. */
struct jw_motor {
    volatile int16_t target, output;
    uint16_t full; /* parameters 1...4: what full speed means, permille */
};

/* Small and often used fields first: an AVR reaches 64 bytes from a pointer with the shortest instructions. */
struct jw_robot {
    const struct jw_board *board;
    uint32_t now; /* when the loop last called, ms */
    struct jw_session session;
    uint32_t latch; /* name of this latching; 0: open */
    uint16_t boot_count;
    uint16_t hello_nonce; /* of the HELLO that waits for its answer */
    bool hello_waits, hello_fits;
    bool wants_neutral;
    uint8_t param_waits; /* number of the parameter that was asked for; 0: none */
    uint8_t bad_count;   /* of the times in bad_at */
    uint8_t bad_next;    /* where the next of them goes: over the oldest */
    uint16_t bad_newest;
    uint16_t status_at, counters_at; /* when they were last sent */
    /* Shared with the timer interrupt, hence read and written between lock and unlock. */
    volatile enum jw_reason reason;
    volatile uint16_t ticked; /* when jw_robot_tick was last called */
    volatile uint32_t deadline;
    struct jw_motor motor[JW_MAX_MOTORS];
    int16_t told[JW_MAX_MOTORS]; /* what the board's drive was told last, permille */
    uint16_t counters[JW_FATES];
    uint16_t bad_at[JW_BAD_FRAMES_MAX]; /* when the newest damaged frames came, a ring */
    struct jw_reader reader;
};

/* Starts: motors off, no session. `boot_count` differs from the last ones; `latch` is what keep_latch remembered. */
void jw_robot_begin(struct jw_robot *robot, const struct jw_board *board, uint16_t boot_count, uint32_t latch,
                    uint32_t now_ms);

/* The loop: takes a byte from the host. */
void jw_robot_receive(struct jw_robot *robot, uint8_t byte, uint32_t now_ms);

/* The loop: looks at the clock and speaks to the host. Call it all the time. */
void jw_robot_poll(struct jw_robot *robot, uint32_t now_ms);

/* The timer interrupt, every millisecond: the deadline, and the ramp of the outputs. It does not need the loop. */
void jw_robot_tick(struct jw_robot *robot, uint32_t now_ms);

/* Says a line of at most 32 bytes in the host's log. Returns false if there is no room for it now. */
bool jw_robot_say(struct jw_robot *robot, const char *text);

/* What the robot is doing. */
enum jw_state jw_robot_state(const struct jw_robot *robot);

#ifdef __cplusplus
}
#endif
#endif
