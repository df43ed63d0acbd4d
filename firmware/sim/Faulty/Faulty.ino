// TwoMotors with faults that no cable can cause: a loop that hangs, an interrupt that dies. For tests only.
//
// A0 high: loop() hangs. A1 high: the timer's interrupt dies. A2 high: loop() hangs with all interrupts off.

#define setup setup_two_motors
#define loop loop_two_motors
#include "../../joywire/examples/TwoMotors/TwoMotors.ino"
#undef setup
#undef loop

void setup()
{
    setup_two_motors();
}

void loop()
{
    loop_two_motors();
    if (digitalRead(A2))
        noInterrupts();
    if (digitalRead(A1))
        TIMSK0 = 0;
    while (digitalRead(A0) || digitalRead(A2)) {
    }
}
