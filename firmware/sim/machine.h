/* A machine: something that runs the firmware in virtual time. uno.c emulates a whole board, core.c runs the core alone.
 * bench.c drives it in real time, puts its serial line on a pseudo-terminal and does harm to it. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdint.h>

enum { MOTORS = 2 };

/* One line about the machine and its arguments, for --help. */
extern const char machine_usage[];

/* Prepares it. `argv` holds what is left of the command line. Ends the program with a sentence if that is wrong. */
void machine_begin(int argc, char **argv);

/* Lets time pass until `now_us`, which never goes back. */
void machine_run(uint64_t now_us);

/* A byte has come in on its serial line. */
void machine_receive(uint8_t byte);

/* Holds it in reset until `machine_boot`; then it starts as after a power failure. */
void machine_hold(void);
void machine_boot(void);

/* A command of its own, if `line` is one. */
bool machine_command(const char *line);

/* --- what a machine calls ---------------------------------------------------------------------------------- */

/* It sends a byte. */
void bench_sent(uint8_t byte);

/* Its motors are set: signed permille of full, as its pins say, at this moment of its own time. */
void bench_outputs(uint64_t now_us, const int16_t *permille);

/* Something worth a line in the log. */
void bench_event(uint64_t now_us, const char *what);

#endif
