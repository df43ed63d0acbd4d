#ifdef __AVR__

#include "JoywireServo.h"

#ifdef ICR1 // small AVRs have no such timer

// Timer 1 counts half microseconds up to 20 ms. A compare register changes only between two pulses.
static const uint16_t TURN = 40000;

void JoywireServo::begin(uint16_t centre)
{
    this->centre = centre;
    digitalWrite(pin, LOW);
    pinMode(pin, OUTPUT);
    TCCR1A = (TCCR1A & (_BV(COM1A1) | _BV(COM1B1))) | _BV(WGM11); // keeps the other servo
    TCCR1B = _BV(WGM13) | _BV(WGM12) | _BV(CS11);
    ICR1 = TURN - 1;
    write(0);
    TCCR1A |= digitalPinToTimer(pin) == TIMER1A ? _BV(COM1A1) : _BV(COM1B1);
}

void JoywireServo::write(int16_t permille)
{
    uint16_t half_microseconds = 2 * centre + permille;
    if (digitalPinToTimer(pin) == TIMER1A)
        OCR1A = half_microseconds - 1;
    else
        OCR1B = half_microseconds - 1;
}

#endif
#endif
