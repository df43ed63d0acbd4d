// A robot with four motors, such as one on mecanum wheels, behind two drivers such as L298N, TB6612 or L293D.
//
//   drivers                    Arduino Uno
//   first    ENA / PWMA        3       front left: speed
//            IN1 / AIN1        2                   forward
//            IN2 / AIN2        4                   backward
//            ENB / PWMB        11      front right: speed
//            IN3 / BIN1        12                   forward
//            IN4 / BIN2        A0                   backward
//   second   ENA / PWMA        9       rear left: speed
//            IN1 / AIN1        7                  forward
//            IN2 / AIN2        8                  backward
//            ENB / PWMB        10      rear right: speed
//            IN3 / BIN1        A1                  forward
//            IN4 / BIN2        A2                  backward
//   GND                        GND     and the battery's minus
//   VM / +12 V                 the battery's plus, through a switch that you can reach
//
// Put a resistor of 10 kOhm from each of these twelve pins to GND: while the board starts or is being
// programmed its pins float, and the motors must not turn then.
//
// The order of the motors is Joywire's: front left, front right, rear left, rear right. Tell Joywire which
// wheels they turn: `--config config/robots/mecanum.toml`, or omni.toml, or skid.toml for fixed wheels.
// Without that it drives both left ones alike and both right ones alike, which suits fixed wheels only.
//
// A motor that turns the wrong way: swap its two wires at the driver, or say so in that file.

#include <Joywire.h>

JoywireMotor frontLeft(3, 2, 4);
JoywireMotor frontRight(11, 12, A0);
JoywireMotor rearLeft(9, 7, 8);
JoywireMotor rearRight(10, A1, A2);

void drive(const int16_t *permille)
{
    frontLeft.write(permille[0]);
    frontRight.write(permille[1]);
    rearLeft.write(permille[2]);
    rearRight.write(permille[3]);
}

void setup()
{
    frontLeft.begin();
    frontRight.begin();
    rearLeft.begin();
    rearRight.begin();
    joywire.begin(Serial, 4, drive, "Mecanum");
}

void loop()
{
    joywire.update();
    // Your own code goes here. Never wait: no delay().
}
