// A motor behind a driver with a PWM input and two direction inputs: L298N, TB6612, L293D.
#ifndef JOYWIRE_MOTOR_H
#define JOYWIRE_MOTOR_H

#include <Arduino.h>

class JoywireMotor {
public:
    // Pin numbers; `pwm` must be one that analogWrite() takes.
    JoywireMotor(uint8_t pwm, uint8_t forward, uint8_t backward) : pwm(pwm), forward(forward), backward(backward) {}

    // Everything off. Call it before Joywire's begin().
    void begin()
    {
        const uint8_t pins[] = {pwm, forward, backward};
        for (uint8_t pin : pins) {
            digitalWrite(pin, LOW);
            pinMode(pin, OUTPUT);
        }
    }

    // Permille of full, -1000...1000; 0 switches both inputs off, so the motor rolls out.
    void write(int16_t permille)
    {
        uint16_t strength = permille < 0 ? -permille : permille;
        analogWrite(pwm, ((uint32_t)strength * 16712) >> 16); // 1000 becomes 255, without a slow division
        digitalWrite(forward, permille > 0);
        digitalWrite(backward, permille < 0);
    }

private:
    uint8_t pwm, forward, backward;
};

#endif
