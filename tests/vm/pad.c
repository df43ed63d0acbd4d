/* Gamepads for the guest, by uinput: real input devices with real events. One command a line on standard input, each
 * answered by `ok` or by what was wrong:
 *
 *   create PAD KIND           plugs pad number PAD in: `xbox`, or `askew`, whose sticks lie at full deflection at first
 *   destroy PAD               unplugs it
 *   axis PAD NAME VALUE       x y rx ry (sticks), z rz (triggers), hat0x hat0y; down and right are positive
 *   button PAD NAME 0|1       south east north west tl tr select start mode thumbl thumbr
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/uinput.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PADS = 4, BUS_OF_USB = 3 };

struct name {
    const char *name;
    int code;
};

static const struct name axes[] = {
    {"x", ABS_X}, {"y", ABS_Y},   {"rx", ABS_RX},       {"ry", ABS_RY},
    {"z", ABS_Z}, {"rz", ABS_RZ}, {"hat0x", ABS_HAT0X}, {"hat0y", ABS_HAT0Y},
};

static const struct name buttons[] = {
    {"south", BTN_SOUTH},   {"east", BTN_EAST},   {"north", BTN_NORTH}, {"west", BTN_WEST},
    {"tl", BTN_TL},         {"tr", BTN_TR},       {"select", BTN_SELECT}, {"start", BTN_START},
    {"mode", BTN_MODE},     {"thumbl", BTN_THUMBL}, {"thumbr", BTN_THUMBR},
};

enum { AXES = sizeof axes / sizeof axes[0], BUTTONS = sizeof buttons / sizeof buttons[0] };

static int pads[PADS] = {-1, -1, -1, -1};

static int code_of(const struct name *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i].name, name) == 0)
            return names[i].code;
    return -1;
}

/* The driver of a real pad tells the same ranges. A pad of 0...255 rests at 128, but says 0 until it is moved. */
static struct input_absinfo range_of(int code, int askew)
{
    if (code == ABS_HAT0X || code == ABS_HAT0Y)
        return (struct input_absinfo){.minimum = -1, .maximum = 1};
    if (code == ABS_Z || code == ABS_RZ || askew)
        return (struct input_absinfo){.minimum = 0, .maximum = 255};
    return (struct input_absinfo){.minimum = -32768, .maximum = 32767, .fuzz = 16, .flat = 128};
}

static const char *create(int pad, const char *kind)
{
    int askew = strcmp(kind, "askew") == 0;
    struct uinput_setup setup = {
        .id = {.bustype = BUS_OF_USB, .vendor = 0x045e, .product = 0x028e, .version = 0x0114},
        .name = "Microsoft X-Box 360 pad",
    };
    if (!askew && strcmp(kind, "xbox") != 0)
        return "there is no such kind of pad";
    if (askew) {
        setup.id = (struct input_id){.bustype = BUS_OF_USB, .vendor = 0x1209, .product = 0x0001, .version = 0x0110};
        strcpy(setup.name, "Pad of eight bits");
    }
    int fd = open("/dev/uinput", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return strerror(errno);
    pads[pad] = fd;
    int failed = ioctl(fd, UI_SET_EVBIT, EV_KEY) < 0 || ioctl(fd, UI_SET_EVBIT, EV_ABS) < 0;
    for (int i = 0; i < BUTTONS; i++)
        failed |= ioctl(fd, UI_SET_KEYBIT, buttons[i].code) < 0;
    for (int i = 0; i < AXES; i++) {
        struct uinput_abs_setup axis = {.code = (__u16)axes[i].code, .absinfo = range_of(axes[i].code, askew)};
        failed |= ioctl(fd, UI_ABS_SETUP, &axis) < 0;
    }
    failed |= ioctl(fd, UI_DEV_SETUP, &setup) < 0 || ioctl(fd, UI_DEV_CREATE) < 0;
    return failed ? strerror(errno) : NULL;
}

static const char *destroy(int pad)
{
    close(pads[pad]);
    pads[pad] = -1;
    return NULL;
}

static const char *emit(int pad, int type, int code, int value)
{
    struct input_event events[] = {
        {.type = (__u16)type, .code = (__u16)code, .value = value},
        {.type = EV_SYN, .code = SYN_REPORT},
    };
    if (code < 0)
        return "there is no such axis or button";
    return write(pads[pad], events, sizeof events) == sizeof events ? NULL : strerror(errno);
}

static const char *obey(const char *line)
{
    int pad, value, read = 0;
    char verb[16], name[16];
    if (sscanf(line, "%15s %d%n", verb, &pad, &read) != 2 || pad < 0 || pad >= PADS)
        return "a verb and the number of a pad, 0 to 3, were expected";
    const char *rest = line + read;
    int plugged_in = pads[pad] >= 0;
    if (strcmp(verb, "create") == 0 && sscanf(rest, "%15s", name) == 1)
        return plugged_in ? "this pad is plugged in already" : create(pad, name);
    if (!plugged_in)
        return "this pad is not plugged in";
    if (strcmp(verb, "destroy") == 0)
        return destroy(pad);
    if (strcmp(verb, "axis") == 0 && sscanf(rest, "%15s %d", name, &value) == 2)
        return emit(pad, EV_ABS, code_of(axes, AXES, name), value);
    if (strcmp(verb, "button") == 0 && sscanf(rest, "%15s %d", name, &value) == 2)
        return emit(pad, EV_KEY, code_of(buttons, BUTTONS, name), value);
    return "there is no such command";
}

int main(void)
{
    char line[128];
    while (fgets(line, sizeof line, stdin)) {
        const char *wrong = obey(line);
        printf("%s\n", wrong ? wrong : "ok");
        fflush(stdout);
    }
    return 0;
}
