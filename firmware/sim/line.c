#define _GNU_SOURCE
#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* SplitMix64: the same harm every time. */
static uint64_t draw(struct line *line)
{
    uint64_t mixed = line->random += 0x9E3779B97F4A7C15;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31);
}

static bool happens(struct line *line, double chance)
{
    return chance > 0 && (double)(draw(line) >> 11) / (double)(1ull << 53) < chance;
}

const char *line_plug_in(struct line *line)
{
    static char name[128];
    struct termios mode;
    int host;
    if (openpty(&line->terminal, &host, name, NULL, NULL) != 0) {
        perror("no pseudo-terminal");
        exit(1);
    }
    tcgetattr(host, &mode);
    cfmakeraw(&mode);
    tcsetattr(host, TCSANOW, &mode);
    close(host);
    fcntl(line->terminal, F_SETFL, O_NONBLOCK);
    fcntl(line->terminal, F_SETFD, FD_CLOEXEC);
    if (line->link) {
        struct stat found;
        if (lstat(line->link, &found) == 0 && !S_ISLNK(found.st_mode)) {
            fprintf(stderr, "%s exists and is no symbolic link\n", line->link);
            exit(2);
        }
        unlink(line->link);
        if (symlink(name, line->link) != 0) {
            perror(line->link);
            exit(1);
        }
    }
    return name;
}

void line_unplug(struct line *line)
{
    close(line->terminal);
    line->terminal = -1;
    line->is_open = false;
    line->arrived = line->written;
    line->said = 0;
    if (line->link)
        unlink(line->link);
}

void line_read(struct line *line, uint64_t now_us)
{
    struct pollfd wait = {line->terminal, POLLIN, 0};
    if (line->terminal < 0)
        return;
    poll(&wait, 1, 0);
    line->is_open = !(wait.revents & POLLHUP);
    if (now_us < line->stalled_until_us)
        return;
    uint8_t chunk[1024];
    uint32_t room = LINE_KEPT / 2 - (line->written - line->arrived);
    ssize_t got = read(line->terminal, chunk, room < sizeof chunk ? room : sizeof chunk);
    if (got > 0)
        line_insert(line, chunk, (size_t)got);
}

bool line_waits(const struct line *line)
{
    return line->arrived != line->written;
}

int line_next(struct line *line, uint8_t *out)
{
    int count = 0;
    uint8_t byte = line->bytes[line->arrived++ % LINE_KEPT];
    for (int bit = 0; bit < 8; bit++)
        if (happens(line, line->damage.flip))
            byte ^= (uint8_t)(1 << bit);
    if (happens(line, line->damage.insert))
        out[count++] = (uint8_t)draw(line);
    if (!happens(line, line->damage.drop))
        out[count++] = byte;
    if (happens(line, line->damage.duplicate))
        out[count++] = byte;
    return count;
}

void line_insert(struct line *line, const uint8_t *bytes, size_t len)
{
    while (len--)
        line->bytes[line->written++ % LINE_KEPT] = *bytes++;
}

void line_repeat(struct line *line, uint32_t count)
{
    uint32_t from = line->written - (count < LINE_KEPT / 2 ? count : LINE_KEPT / 2);
    for (uint32_t end = line->written; from != end; from++)
        line->bytes[line->written++ % LINE_KEPT] = line->bytes[from % LINE_KEPT];
}

void line_garbage(struct line *line, uint32_t count)
{
    for (; count > 0 && line->written - line->arrived < LINE_KEPT / 2; count--)
        line->bytes[line->written++ % LINE_KEPT] = (uint8_t)draw(line);
}

void line_say(struct line *line, uint8_t byte)
{
    for (int bit = 0; bit < 8; bit++)
        if (happens(line, line->damage.flip))
            byte ^= (uint8_t)(1 << bit);
    if (line->said < sizeof line->saying)
        line->saying[line->said++] = byte;
}

void line_flush(struct line *line)
{
    if (line->said == 0)
        return;
    /* Nobody there, or too slow: a real line loses bytes, too. */
    if (line->terminal >= 0 && line->is_open && write(line->terminal, line->saying, line->said) < 0 && errno != EAGAIN &&
        errno != EIO)
        perror("the host's end");
    line->said = 0;
}
