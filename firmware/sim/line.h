/* The serial line between the host and a machine: a pseudo-terminal, and all that may go wrong with a cable. */
#ifndef LINE_H
#define LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_KEPT = 1 << 15 };

/* Chances that a bit or a byte suffers, 0...1. */
struct damage {
    double flip, drop, insert, duplicate;
};

struct line {
    int terminal;          /* our end; -1: unplugged */
    const char *link;      /* a name for the host's end; may be null */
    bool is_open;          /* somebody has the host's end open */
    uint64_t stalled_until_us, plug_in_at_us;
    struct damage damage;
    uint64_t random;
    /* Bytes from the host that are still to arrive, and, in the same ring, the ones that did. */
    uint8_t bytes[LINE_KEPT];
    uint32_t written, arrived;
    /* Bytes for the host. */
    uint8_t saying[512];
    size_t said;
};

/* Opens a pseudo-terminal. Returns the name of the host's end. */
const char *line_plug_in(struct line *line);

/* Hangs up. The next line_plug_in may get another name. */
void line_unplug(struct line *line);

/* Takes what the host has written, unless the line is stalled. */
void line_read(struct line *line, uint64_t now_us);

/* Whether bytes wait; the next one, with what befalls it: 0, 1 or 2 bytes come out. */
bool line_waits(const struct line *line);
int line_next(struct line *line, uint8_t *out);

/* Bytes that did not come from the host; and the newest ones again. */
void line_insert(struct line *line, const uint8_t *bytes, size_t len);
void line_repeat(struct line *line, uint32_t count);
void line_garbage(struct line *line, uint32_t count);

/* A byte for the host; and off it goes. */
void line_say(struct line *line, uint8_t byte);
void line_flush(struct line *line);

#endif
