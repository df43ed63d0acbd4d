// TwoMotors with faults that no cable can cause: a loop that hangs, an interrupt that dies. For tests only.
//
// While high: A0, loop() hangs; A1, both interrupts of the timer die; A2, loop() hangs with all interrupts off; A3, the
// clock stands still; A4, the clock goes sixteen times too slow.

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
    if (digitalRead(A3))
        TIMSK0 &= ~_BV(TOIE0);
    if (digitalRead(A4))
        TCCR0B = _BV(CS02) | _BV(CS00);
    while (digitalRead(A0) || digitalRead(A2)) {
    }
}
