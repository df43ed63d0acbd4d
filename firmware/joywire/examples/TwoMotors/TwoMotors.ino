// A robot with a motor on each side, behind a driver such as L298N, TB6612 or L293D.
//
//   driver          Arduino Uno
//   ENA / PWMA      9      left motor: speed
//   IN1 / AIN1      7                  forward
//   IN2 / AIN2      8                  backward
//   ENB / PWMB      10     right motor: speed
//   IN3 / BIN1      12                  forward
//   IN4 / BIN2      11                  backward
//   GND             GND    and the battery's minus
//   VM / +12 V      the battery's plus, through a switch that you can reach
//
// Put a resistor of 10 kOhm from each of these six pins to GND: while the board starts or is being
// programmed its pins float, and the motors must not turn then.
//
// A motor that turns the wrong way: swap its two wires at the driver.

#include <Joywire.h>

JoywireMotor left(9, 7, 8);
JoywireMotor right(10, 12, 11);

void drive(const int16_t *permille)
{
    left.write(permille[0]);
    right.write(permille[1]);
}

void setup()
{
    left.begin();
    right.begin();
    joywire.begin(Serial, 2, drive, "TwoMotors");
}

void loop()
{
    joywire.update();
    // Your own code goes here. Never wait: no delay().
}
