// A servo on a pin of timer 1: 9 or 10 of an Uno, Nano or Leonardo, 11 or 12 of a Mega.
//
// The timer makes the pulses all by itself. The usual Servo library makes them in an interrupt, which would delay
// the deadline that stops the motors, and be delayed by it: the servo would tremble.
#ifndef JOYWIRE_SERVO_H
#define JOYWIRE_SERVO_H

#ifndef __AVR__
#error "JoywireServo is for boards with an AVR. On an ESP32 or RP2040 use their Servo library: it needs no interrupt."
#endif

#include <Arduino.h>

// Takes timer 1 for itself: analogWrite() does not work on its pins then. Two servos can share it.
class JoywireServo {
public:
    JoywireServo(uint8_t pin) : pin(pin) {}

    // Pulses begin, of `centre` microseconds. Call it before Joywire's begin().
    void begin(uint16_t centre = 1500);

    // Permille of half a millisecond beside the centre: -1000...1000 is 1.0...2.0 ms if the centre is 1.5 ms.
    void write(int16_t permille);

private:
    uint8_t pin;
    uint16_t centre;
};

#endif
