// A robot with two motors that have wheel encoders: Joywire then knows how far the robot went.
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
//   encoders
//   left A          2      the pins 2 and 3 can interrupt
//   left B          4
//   right A         3
//   right B         5
//   VCC, GND        5V, GND
//
// Put a resistor of 10 kOhm from each of the six pins of the driver to GND: while the board starts or is
// being programmed its pins float, and the motors must not turn then.
//
// Encoders with one channel only: leave the pins 4 and 5 free and set quadrature to false. A wheel is then
// believed to turn the way that its motor was told last.
//
// A wheel that counts down when it goes forward: swap its A and B.

#include <Joywire.h>

const bool quadrature = true;

JoywireMotor left(9, 7, 8);
JoywireMotor right(10, 12, 11);

// Changed by interrupts.
volatile int32_t leftCount, rightCount;
volatile bool leftBackward, rightBackward;

void drive(const int16_t *permille)
{
    left.write(permille[0]);
    right.write(permille[1]);
    // A wheel that rolls out keeps its direction.
    if (permille[0] != 0)
        leftBackward = permille[0] < 0;
    if (permille[1] != 0)
        rightBackward = permille[1] < 0;
}

// At both edges of A: the wheel goes forward if B is not what A is.
void onLeft()
{
    bool backward = quadrature ? digitalRead(2) == digitalRead(4) : leftBackward;
    leftCount = leftCount + (backward ? -1 : 1);
}

void onRight()
{
    bool backward = quadrature ? digitalRead(3) == digitalRead(5) : rightBackward;
    rightCount = rightCount + (backward ? -1 : 1);
}

// Joywire asks in loop(), so the interrupts must wait until all four bytes are read.
void count(int32_t *counts)
{
    noInterrupts();
    counts[0] = leftCount;
    counts[1] = rightCount;
    interrupts();
}

void setup()
{
    left.begin();
    right.begin();
    const uint8_t pins[] = {2, 3, 4, 5};
    for (uint8_t pin : pins)
        pinMode(pin, INPUT_PULLUP);
    attachInterrupt(digitalPinToInterrupt(2), onLeft, CHANGE);
    attachInterrupt(digitalPinToInterrupt(3), onRight, CHANGE);
    joywire.countWheels(count);
    joywire.begin(Serial, 2, drive, "WithEncoders");
}

void loop()
{
    joywire.update();
    // Your own code goes here. Never wait: no delay().
}
