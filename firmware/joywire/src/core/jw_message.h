/* Messages: their types, lengths and fields. See firmware-protocol.md, whose tables these are. */
#ifndef JW_MESSAGE_H
#define JW_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef JW_MAJOR
#define JW_MAJOR 1 /* version of the protocol; both sides must have the same */
#endif

enum {
    JW_MAX_MOTORS = 4,
    JW_FULL = 1000, /* full speed, permille */
};

/* An enum in one byte: else an AVR takes two for each. */
#define JW_PACKED __attribute__((packed))

enum jw_type {
    JW_DRIVE = 1,
    JW_STOP = 2,
    JW_LATCH = 3,
    JW_LATCH_RESET = 4,
    JW_HELLO = 5,
    JW_ARM = 6,
    JW_PARAM_GET = 7,
    JW_PARAM_SET = 8,
    JW_HELLO_ACK = 9,
    JW_STATUS = 10,
    JW_PARAM = 11,
    JW_TEXT = 12,
    JW_COUNTERS = 13,
} JW_PACKED;

/* Where fields are in a body, and how long bodies are. */
enum {
    JW_SESSION_AT = 2, /* DRIVE, LATCH_RESET, ARM, PARAM_SET */
    JW_DRIVE_SEQ_AT = 6,
    JW_DRIVE_TICK_AT = 8,
    JW_DRIVE_TTL_AT = 12,
    JW_DRIVE_SPEEDS_AT = 14,
    JW_DRIVE_LEN = 16, /* and 2 for each motor */
    JW_LATCH_RESET_NAME_AT = 6,
    JW_HELLO_NONCE_AT = 2,
    JW_HELLO_LOWEST_AT = 4,
    JW_HELLO_HIGHEST_AT = 5,
    JW_PARAM_GET_ID_AT = 2,
    JW_PARAM_SET_ID_AT = 6,
    JW_PARAM_SET_VALUE_AT = 7,
    JW_NAME_LEN = 12,
    JW_TEXT_LEN = 32,
};

/* Flags in byte 1. */
enum {
    JW_DRIVE_ENABLE = 1,
    JW_STATUS_COUNTS = 1,
    JW_STATUS_WANTS_NEUTRAL = 2,
};

/* What the robot is doing. */
enum jw_state { JW_BOOT, JW_LINKED, JW_ARMED, JW_DRIVING, JW_STOPPED, JW_LATCHED } JW_PACKED;

/* Why it stopped last. */
enum jw_reason { JW_NEVER, JW_DEADLINE, JW_LINK_SILENT, JW_BAD_FRAMES, JW_HOST_STOP, JW_LATCH_SET } JW_PACKED;

/* The type of a body of `len` bytes, at least 1, if it is a whole and valid message to the robot; else 0. */
uint8_t jw_message_type(const uint8_t *body, uint8_t len);

/* Whether no motor is asked to turn by this valid DRIVE. */
bool jw_drive_is_neutral(const uint8_t *body, uint8_t len);

/* Number of motors in a DRIVE of `len` bytes. */
static inline uint8_t jw_drive_motors(uint8_t len)
{
    return (uint8_t)(len - JW_DRIVE_LEN) / 2;
}

/* Little-endian numbers. */
uint16_t jw_get16(const uint8_t *bytes);
uint32_t jw_get32(const uint8_t *bytes);

/* Write a number and return the place behind it. */
uint8_t *jw_put8(uint8_t *bytes, uint8_t value);
uint8_t *jw_put16(uint8_t *bytes, uint16_t value);
uint8_t *jw_put32(uint8_t *bytes, uint32_t value);

#ifdef __cplusplus
}
#endif
#endif
