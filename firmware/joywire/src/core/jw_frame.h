/* Frames: a body and its CRC-32, stuffed with COBS, between two zero bytes. See firmware-protocol.md. */
#ifndef JW_FRAME_H
#define JW_FRAME_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    JW_MAX_BODY = 64,                       /* longest body, bytes */
    JW_MAX_STUFFED = JW_MAX_BODY + 4 + 1,   /* with its checksum and the one byte that COBS adds */
    JW_MAX_FRAME = JW_MAX_STUFFED + 2,      /* with both zeros */
    JW_BODY_AT = 2,                         /* where jw_frame_close expects the body in a frame's buffer */
};

/* CRC-32/AUTOSAR of `len` bytes. Its check value for "123456789" is 0x1697D06A. */
uint32_t jw_crc32(const uint8_t *bytes, uint8_t len);

/* Makes a frame, in place, of the body of `len` bytes (at most JW_MAX_BODY) that begins at frame[JW_BODY_AT].
 * The buffer needs `len` + 7 bytes; so many are the frame. Returns their number. */
uint8_t jw_frame_close(uint8_t *frame, uint8_t len);

/* Collects bytes until a frame is whole. All zeros is a new one. */
struct jw_reader {
    uint8_t bytes[JW_MAX_STUFFED];
    uint8_t len; /* bytes since the last zero; may pass the buffer's end by one */
};

enum { JW_NOTHING = 0, JW_DAMAGED = -1 };

/* Takes a byte. JW_NOTHING: no frame ends here. JW_DAMAGED: one does, and it is no good. Else the length of the
 * frame's body, which begins at *jw_body(reader) and stays there until the next byte comes. */
int8_t jw_reader_push(struct jw_reader *reader, uint8_t byte);

/* The body of the frame that has just ended. */
static inline const uint8_t *jw_body(const struct jw_reader *reader)
{
    return reader->bytes + 1;
}

#ifdef __cplusplus
}
#endif
#endif
