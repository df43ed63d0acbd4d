#include "jw_message.h"

bool jw_drive_is_neutral(const uint8_t *body, uint8_t len)
{
    if (jw_get16(body + JW_DRIVE_TTL_AT) == 0)
        return true;
    for (uint8_t at = JW_DRIVE_SPEEDS_AT; at < len - 2; at++)
        if (body[at] != 0)
            return false;
    return true;
}

static bool drive_is_valid(const uint8_t *body, uint8_t len)
{
    if (len < JW_DRIVE_LEN + 2 || len > JW_DRIVE_LEN + 2 * JW_MAX_MOTORS || len % 2 != 0)
        return false;
    for (uint8_t at = JW_DRIVE_SPEEDS_AT; at < len - 2; at += 2)
        if ((uint16_t)(jw_get16(body + at) + JW_FULL) > 2 * JW_FULL)
            return false;
    return (body[1] & JW_DRIVE_ENABLE) || jw_drive_is_neutral(body, len);
}

static uint8_t length_of(uint8_t type)
{
    switch (type) {
    case JW_STOP: return 3;
    case JW_LATCH: return 2;
    case JW_LATCH_RESET: return 10;
    case JW_HELLO: return 6;
    case JW_ARM: return 6;
    case JW_PARAM_GET: return 3;
    case JW_PARAM_SET: return 11;
    default: return 0;
    }
}

uint8_t jw_message_type(const uint8_t *body, uint8_t len)
{
    uint8_t type = body[0] & 15;
    if (body[0] >> 4 != JW_MAJOR)
        return 0;
    if (type == JW_DRIVE ? !drive_is_valid(body, len) : len != length_of(type))
        return 0;
    /* Session 0 means none, so no nonce is 0. */
    return type == JW_HELLO && jw_get16(body + JW_HELLO_NONCE_AT) == 0 ? 0 : type;
}

uint16_t jw_get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

uint32_t jw_get32(const uint8_t *bytes)
{
    return jw_get16(bytes) | (uint32_t)jw_get16(bytes + 2) << 16;
}

uint8_t *jw_put8(uint8_t *bytes, uint8_t value)
{
    *bytes++ = value;
    return bytes;
}

uint8_t *jw_put16(uint8_t *bytes, uint16_t value)
{
    return jw_put8(jw_put8(bytes, (uint8_t)value), (uint8_t)(value >> 8));
}

uint8_t *jw_put32(uint8_t *bytes, uint32_t value)
{
    return jw_put16(jw_put16(bytes, (uint16_t)value), (uint16_t)(value >> 16));
}
