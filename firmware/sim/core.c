/* The firmware's core as a process of its own: no board, no emulator, nothing that a fault on the host could pause. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "jw_robot.h"
#include "machine.h"

const char machine_usage[] = "The firmware's core as a process. No arguments of its own.";

static struct jw_robot robot;
static uint64_t now_us;
static uint32_t started_ms, latch;
static uint16_t boot_count;
static int16_t outputs[MOTORS];
static bool held;

static uint32_t now_ms(void)
{
    return (uint32_t)(now_us / 1000) - started_ms;
}

static void nothing(void)
{
}

static void drive(const int16_t *permille)
{
    for (int motor = 0; motor < MOTORS; motor++)
        outputs[motor] = permille[motor];
    bench_outputs(now_us, outputs);
}

static uint8_t room(void)
{
    return 63;
}

static void send(const uint8_t *bytes, uint8_t len)
{
    while (len--)
        bench_sent(*bytes++);
}

static void keep_latch(uint32_t name)
{
    latch = name;
}

static const struct jw_board board = {
    .motors = MOTORS,
    .name = "core",
    .lock = nothing,
    .unlock = nothing,
    .drive = drive,
    .room = room,
    .send = send,
    .keep_latch = keep_latch,
};

void machine_begin(int argc, char **argv)
{
    (void)argv;
    if (argc > 0) {
        fprintf(stderr, "core: it takes no arguments of its own\n");
        exit(2);
    }
    /* Differs from run to run, as the count of a real board does. */
    boot_count = (uint16_t)getpid();
    machine_boot();
}

void machine_run(uint64_t to_us)
{
    while (now_us / 1000 < to_us / 1000) {
        now_us = (now_us / 1000 + 1) * 1000;
        if (held)
            continue;
        jw_robot_tick(&robot, now_ms());
        jw_robot_poll(&robot, now_ms());
        bench_outputs(now_us, outputs);
    }
    now_us = to_us;
}

void machine_receive(uint8_t byte)
{
    if (!held)
        jw_robot_receive(&robot, byte, now_ms());
}

void machine_hold(void)
{
    held = true;
    for (int motor = 0; motor < MOTORS; motor++)
        outputs[motor] = 0;
    bench_outputs(now_us, outputs);
}

void machine_boot(void)
{
    held = false;
    started_ms = (uint32_t)(now_us / 1000);
    jw_robot_begin(&robot, &board, ++boot_count, latch, now_ms());
}

bool machine_command(const char *line)
{
    (void)line;
    return false;
}
