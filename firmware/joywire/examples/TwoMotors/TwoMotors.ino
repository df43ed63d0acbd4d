// A robot with a motor on each side, behind a driver such as L298N, TB6612 or L293D.
//
//   driver          Arduino Uno, Nano, Mega   ESP32   Pico: GP
//   ENA / PWMA      9                         25      2        left motor: speed
//   IN1 / AIN1      7                         26      3                  forward
//   IN2 / AIN2      8                         27      4                  backward
//   ENB / PWMB      10                        32      6        right motor: speed
//   IN3 / BIN1      12                        33      7                  forward
//   IN4 / BIN2      11                        14      8                  backward
//   GND             GND                       GND     GND      and the battery's minus
//   VM / +12 V      the battery's plus, through a switch that you can reach
//
// ESP32 and Pico speak 3.3 V: take a driver that understands it, such as the TB6612.
//
// Put a resistor of 10 kOhm from each of these six pins to GND: while the board starts or is being
// programmed its pins float, and the motors must not turn then.
//
// A motor that turns the wrong way: swap its two wires at the driver.

#include <Joywire.h>

#if defined(ARDUINO_ARCH_ESP32) // 6 to 11 lead to its flash memory
JoywireMotor left(25, 26, 27);
JoywireMotor right(32, 33, 14);
#elif defined(ARDUINO_ARCH_RP2040)
JoywireMotor left(2, 3, 4);
JoywireMotor right(6, 7, 8);
#else
JoywireMotor left(9, 7, 8);
JoywireMotor right(10, 12, 11);
#endif

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
