/* Runs a machine in real time on a pseudo-terminal, logs its motors, and does it the harm it is told to do. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "line.h"
#include "machine.h"

static const char usage[] =
    "usage: %s [options] [machine's own]\n"
    "%s\n\n"
    "Prints the port that the host opens, and then what the motors do.\n\n"
    "  --link PATH     also puts a symbolic link to the port there\n"
    "  --boot MS       the host's opening the port resets the machine, which then starts after MS (an Uno: 1500)\n"
    "  --baud RATE     bits a second on the line (115200)\n"
    "  --seed N        of all harm by chance (1)\n"
    "  --json          a JSON object a line, with microseconds since the start\n\n"
    "Commands on standard input, one a line:\n"
    "  stall MS        nothing from the host arrives for so long; then all of it, at the pace of the line\n"
    "  flip P, drop P, insert P, duplicate P    chance for each bit or byte from the host; flip: both ways\n"
    "  say TEXT        bytes that the host did not send; \\r and \\n are understood\n"
    "  garbage N       N random bytes\n"
    "  repeat N        the newest N bytes again\n"
    "  unplug MS       hangs up, and comes back after so long, perhaps under another name\n"
    "  reset MS        a power failure, and the start after so long\n"
    "  count           says how many bytes have come\n"
    "  quit            ends; so does the end of standard input after `--json`\n";

static struct line line = {.terminal = -1};
/* Ten bits a byte, and a little rest: simavr takes a byte later than a real receiver would, by the time that its
 * interrupt needs, and would lose some of a long row of them. */
enum { CENTIBITS_PER_BYTE = 1060 };
static uint64_t started_ns, byte_ns, next_byte_ns, boots_at_us;
static uint32_t lost, heard;
static long boot_ms = -1;
static bool json, was_open;
static volatile sig_atomic_t ending;

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* --- what the machine tells -------------------------------------------------------------------------------- */

void bench_sent(uint8_t byte)
{
    line_say(&line, byte);
}

void bench_outputs(uint64_t now_us, const int16_t *permille)
{
    static int16_t before[MOTORS] = {1};
    static uint64_t told_us;
    bool changed = memcmp(before, permille, sizeof before) != 0;
    if (json) {
        printf("{\"us\":%llu,\"out\":[%d,%d]}\n", (unsigned long long)now_us, permille[0], permille[1]);
    } else if (changed && (now_us - told_us > 100000 || (permille[0] == 0 && permille[1] == 0))) {
        printf("%9.3f s", (double)now_us / 1e6);
        for (int motor = 0; motor < MOTORS; motor++)
            printf("   %s %6.1f %% (PWM %3d)", motor == 0 ? "left" : "right", permille[motor] / 10.0,
                   abs(permille[motor]) * 255 / 1000);
        printf("\n");
        told_us = now_us;
    }
    memcpy(before, permille, sizeof before);
}

static void print_escaped(const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' || *text == '"')
            putchar('\\');
        putchar(*text);
    }
}

void bench_event(uint64_t now_us, const char *what)
{
    if (json) {
        printf("{\"us\":%llu,\"event\":\"", (unsigned long long)now_us);
        print_escaped(what);
        printf("\",\"lost\":%u,\"heard\":%u}\n", lost, heard);
    } else
        printf("%9.3f s   %s\n", (double)now_us / 1e6, what);
    fflush(stdout);
}

/* --- harm -------------------------------------------------------------------------------------------------- */

static void reset(uint64_t now_us, long ms)
{
    machine_hold();
    boots_at_us = now_us + (uint64_t)ms * 1000;
    lost = 0;
}

static void say(const char *text)
{
    uint8_t bytes[256];
    size_t len = 0;
    for (; *text && len < sizeof bytes; text++) {
        bool escaped = text[0] == '\\' && (text[1] == 'r' || text[1] == 'n');
        bytes[len++] = (uint8_t)(!escaped ? *text : text[1] == 'r' ? '\r' : '\n');
        text += escaped;
    }
    line_insert(&line, bytes, len);
}

static bool harm(uint64_t now_us, const char *command)
{
    double chance;
    long number;
    if (sscanf(command, "stall %ld", &number) == 1)
        line.stalled_until_us = now_us + (uint64_t)number * 1000;
    else if (sscanf(command, "flip %lf", &chance) == 1)
        line.damage.flip = chance;
    else if (sscanf(command, "drop %lf", &chance) == 1)
        line.damage.drop = chance;
    else if (sscanf(command, "insert %lf", &chance) == 1)
        line.damage.insert = chance;
    else if (sscanf(command, "duplicate %lf", &chance) == 1)
        line.damage.duplicate = chance;
    else if (strncmp(command, "say ", 4) == 0)
        say(command + 4);
    else if (sscanf(command, "garbage %ld", &number) == 1)
        line_garbage(&line, (uint32_t)number);
    else if (sscanf(command, "repeat %ld", &number) == 1)
        line_repeat(&line, (uint32_t)number);
    else if (sscanf(command, "reset %ld", &number) == 1)
        reset(now_us, number);
    else if (sscanf(command, "unplug %ld", &number) == 1) {
        line_unplug(&line);
        line.plug_in_at_us = now_us + (uint64_t)number * 1000;
    } else if (strcmp(command, "count") == 0)
        return true; /* the log's answer counts the bytes that have come */
    else if (strcmp(command, "quit") == 0)
        ending = 1;
    else
        return machine_command(command);
    return true;
}

static void read_commands(uint64_t now_us)
{
    static char text[512];
    static size_t len;
    ssize_t got = read(STDIN_FILENO, text + len, sizeof text - 1 - len);
    if (got == 0 && json)
        ending = 1; /* whoever ran us has ended */
    if (got <= 0)
        return;
    len += (size_t)got;
    text[len] = 0;
    char *from = text;
    for (char *end; (end = strchr(from, '\n')); from = end + 1) {
        *end = 0;
        bool known = harm(now_us, from);
        char what[160];
        snprintf(what, sizeof what, "%s: %.100s", known ? "told" : "there is no command", from);
        bench_event(now_us, what);
    }
    len = strlen(from);
    memmove(text, from, len + 1);
    if (len == sizeof text - 1)
        len = 0;
}

/* --- time -------------------------------------------------------------------------------------------------- */

static void plug_in(uint64_t now_us)
{
    const char *port = line_plug_in(&line);
    if (json)
        printf("{\"us\":%llu,\"port\":\"%s\",\"start_ns\":%llu}\n", (unsigned long long)now_us, port,
               (unsigned long long)started_ns);
    else
        printf("%s%s%s\n", line.link ? line.link : port, line.link ? " -> " : "", line.link ? port : "");
    fflush(stdout);
    line.plug_in_at_us = 0;
}

static void watch_port(uint64_t now_us)
{
    if (line.is_open == was_open)
        return;
    was_open = line.is_open;
    bench_event(now_us, was_open ? "the host has opened the port" : "the host has closed the port");
    if (was_open && boot_ms >= 0)
        reset(now_us, boot_ms);
}

/* Brings the machine to `to_us`, with the bytes that arrive on the way. */
static void run(uint64_t to_us)
{
    while (line_waits(&line) && next_byte_ns <= to_us * 1000) {
        uint8_t bytes[3];
        machine_run(next_byte_ns / 1000);
        int count = line_next(&line, bytes);
        for (int i = 0; i < count; i++)
            machine_receive(bytes[i]);
        heard += (uint32_t)count;
        if (boots_at_us != 0)
            lost += (uint32_t)count;
        next_byte_ns += byte_ns;
    }
    machine_run(to_us);
    if (!line_waits(&line) && next_byte_ns < to_us * 1000)
        next_byte_ns = to_us * 1000;
    if (boots_at_us != 0 && to_us >= boots_at_us) {
        boots_at_us = 0;
        machine_boot();
    }
    line_flush(&line);
}

static void on_signal(int signal)
{
    (void)signal;
    ending = 1;
}

static uint64_t number(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end) {
        fprintf(stderr, "%s is no number\n", text);
        exit(2);
    }
    return value;
}

static void read_options(int argc, char **argv)
{
    enum { LINK = 1, BOOT, BAUD, SEED, JSON };
    static const struct option options[] = {
        {"link", required_argument, NULL, LINK}, {"boot", required_argument, NULL, BOOT},
        {"baud", required_argument, NULL, BAUD}, {"seed", required_argument, NULL, SEED},
        {"json", no_argument, NULL, JSON},       {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    uint64_t baud = 115200;
    line.random = 1;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case LINK: line.link = optarg; break;
        case BOOT: boot_ms = (long)number(optarg); break;
        case BAUD: baud = number(optarg); break;
        case SEED: line.random = number(optarg); break;
        case JSON: json = true; break;
        case 'h': printf(usage, argv[0], machine_usage); exit(0);
        default: fprintf(stderr, usage, argv[0], machine_usage); exit(2);
        }
    }
    if (baud == 0) {
        fprintf(stderr, "--baud must be a number above 0\n");
        exit(2);
    }
    byte_ns = CENTIBITS_PER_BYTE * 10000000ull / baud;
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    signal(SIGPIPE, SIG_IGN);
    fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
    started_ns = clock_ns();
    machine_begin(argc - optind, argv + optind);
    plug_in(0);
    for (uint64_t flushed_us = 0; !ending;) {
        uint64_t now_us = (clock_ns() - started_ns) / 1000;
        line_read(&line, now_us);
        run(now_us);
        /* Harm comes when the machine has caught up, so that the log's times fit. */
        watch_port(now_us);
        read_commands(now_us);
        if (line.terminal < 0 && now_us >= line.plug_in_at_us)
            plug_in(now_us);
        if (now_us - flushed_us > 5000) {
            fflush(stdout);
            flushed_us = now_us;
        }
        /* Wakes for bytes at once, else every half millisecond. A closed port says so at once, and for ever. */
        struct pollfd wait = {line.is_open ? line.terminal : -1, POLLIN, 0};
        bool stalled = now_us < line.stalled_until_us;
        const struct timespec half_ms = {0, 500000};
        ppoll(&wait, stalled ? 0 : 1, &half_ms, NULL);
    }
    if (line.link)
        unlink(line.link);
    return 0;
}
