// A car: one motor drives it, a servo steers its front wheels.
//
//   driver          Arduino Uno
//   ENA / PWMA      3      motor: speed
//   IN1 / AIN1      7             forward
//   IN2 / AIN2      8             backward
//   GND             GND    and the battery's minus
//   VM / +12 V      the battery's plus, through a switch that you can reach
//
//   servo
//   signal          9      or 10: timer 1 makes the pulses, so neither takes analogWrite() any more
//   plus            5 V of a regulator of its own: a servo takes more than the Arduino's 5V pin has
//   minus           GND    of the Arduino, too
//
// Put a resistor of 10 kOhm from each of the pins 3, 7 and 8 to GND: while the board starts or is being
// programmed its pins float, and the motor must not turn then.
//
// Tell Joywire that it is a car: `--config config/robots/ackermann.toml`. Without that it would take the two
// values for a left and a right wheel, and the car would go in circles.
//
// A car that steers the wrong way: `inverted` in that file. One that does not go straight: give
// steering.begin() another centre than 1500 microseconds.

#include <Joywire.h>
#include <JoywireServo.h>

JoywireMotor motor(3, 7, 8);
JoywireServo steering(9);

// The first value is the motor's speed, the second where the servo stands, left positive. When the robot is
// stopped both are 0, so the wheels point straight ahead then.
void drive(const int16_t *permille)
{
    motor.write(permille[0]);
    steering.write(permille[1]);
}

void setup()
{
    motor.begin();
    steering.begin(1500);
    joywire.begin(Serial, 2, drive, "Steering");
}

void loop()
{
    joywire.update();
    // Your own code goes here. Never wait: no delay().
}
