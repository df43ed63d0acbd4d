#include "jw_frame.h"

#include "jw_message.h" /* jw_put32 */

/* The checksum of anything that its own checksum follows. */
#define CHECKED 0x6FB32240u

/* Bit by bit takes an AVR at 16 MHz 8 us a byte, of 87 us that it takes on the line. With a table it would be four
 * times as fast, and the core 4 % larger. */
uint32_t jw_crc32(const uint8_t *bytes, uint8_t len)
{
    uint32_t crc = 0xFFFFFFFF;
    while (len--) {
        crc ^= *bytes++;
        for (uint8_t bit = 0; bit < 8; bit++) {
            uint8_t odd = (uint8_t)crc & 1;
            crc >>= 1;
            if (odd)
                crc ^= 0xC8DF352F;
        }
    }
    return ~crc;
}

uint8_t jw_frame_close(uint8_t *frame, uint8_t len)
{
    uint8_t *body = frame + JW_BODY_AT;
    uint8_t *end = jw_put32(body + len, jw_crc32(body, len));
    uint8_t *code = body - 1;
    frame[0] = 0;
    *end = 0;
    /* Each zero becomes the distance to the next one; the last is the frame's end. */
    for (uint8_t *at = body; at <= end; at++) {
        if (*at == 0) {
            *code = (uint8_t)(at - code);
            code = at;
        }
    }
    return (uint8_t)(len + 7);
}

/* Takes the stuffing out, in place; the content then begins at bytes[1]. Returns whether it was well stuffed. */
static bool unstuff(uint8_t *bytes, uint8_t len)
{
    while (len > 0) {
        uint8_t code = *bytes;
        if (code > len)
            return false;
        *bytes = 0;
        bytes += code;
        len = (uint8_t)(len - code);
    }
    return true;
}

int8_t jw_reader_push(struct jw_reader *reader, uint8_t byte)
{
    uint8_t len = reader->len;
    if (byte != 0) {
        if (len < JW_MAX_STUFFED)
            reader->bytes[len] = byte;
        if (len <= JW_MAX_STUFFED)
            reader->len++;
        return JW_NOTHING;
    }
    reader->len = 0;
    if (len == 0)
        return JW_NOTHING;
    /* One byte of stuffing and four of checksum are not the body's. */
    if (len <= 5 || len > JW_MAX_STUFFED || !unstuff(reader->bytes, len)
        || jw_crc32(jw_body(reader), (uint8_t)(len - 1)) != CHECKED)
        return JW_DAMAGED;
    return (int8_t)(len - 5);
}
