// Joywire for Arduino: the robot's end of the cable. See the README beside this folder and firmware-protocol.md.
#ifndef JOYWIRE_H
#define JOYWIRE_H

#include <Arduino.h>

#include "JoywireMotor.h"
#include "core/jw_robot.h"

// Sets the motors: one value each, permille of full speed, -1000...1000, positive is forward.
// Called in a timer interrupt: be quick, do not print and do not wait.
typedef void (*JoywireDrive)(const int16_t *permille);

// A robot. A sketch has one.
class Joywire {
public:
    // Motors off, serial line and timer on, watchdog armed. `motors` is 2 or 4, `name` has at most 12 characters.
    // Call this first of all in setup(). From then on update() must be called at least every 100 ms.
    template <class Port>
    void begin(Port &port, uint8_t motors, JoywireDrive drive, const char *name, uint32_t baud = 115200)
    {
        prepare(motors, drive, name);
        port.begin(baud);
        start(port);
    }

    // The battery's voltage in mV, if the sketch measures it. Set before begin().
    void measureBattery(uint16_t (*millivolts)()) { board.battery_mv = millivolts; }

    // Wheel counters, one for each motor, if the robot has encoders. Set before begin().
    void countWheels(void (*counts)(int32_t *counts)) { board.counts = counts; }

    // Takes and sends what is on the line. Call it in every loop(), and never wait in between.
    void update();

    // Says a line of at most 32 characters in Joywire's log. False if there is no room for it now.
    bool say(const char *text);

    // Whether a driver moves the robot now.
    bool isDriving() const { return jw_robot_state(&robot) == JW_DRIVING; }

    // What the robot is doing.
    jw_state state() const { return jw_robot_state(&robot); }

private:
    jw_board board = {};
    jw_robot robot = {};

    void prepare(uint8_t motors, JoywireDrive drive, const char *name);
    void start(Stream &port);
};

// The one robot of this sketch.
extern Joywire joywire;

#endif
