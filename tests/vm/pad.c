/* Gamepads for the guest, by uinput: real input devices with real events. One command a line on standard input, each
 * answered by `ok`, by a number, or by what was wrong:
 *
 *   create PAD KIND           plugs pad number PAD in: `xbox`, which can shake, or `askew`, whose sticks lie at full
 *                             deflection at first
 *   destroy PAD               unplugs it
 *   axis PAD NAME VALUE       x y rx ry (sticks), z rz (triggers), hat0x hat0y; down and right are positive
 *   button PAD NAME 0|1       south east north west tl tr select start mode thumbl thumbr
 *   shakes PAD                how often it was made to shake
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/uinput.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PADS = 4, BUS_OF_USB = 3, EFFECTS = 16 };

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

/* What the kernel's own driver says that a pad with two motors can do. */
static const int shaking[] = {FF_RUMBLE, FF_PERIODIC, FF_SQUARE, FF_TRIANGLE, FF_SINE, FF_GAIN};

static int pads[PADS] = {-1, -1, -1, -1};
static int shakes[PADS];

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
    int fd = open("/dev/uinput", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return strerror(errno);
    pads[pad] = fd;
    shakes[pad] = 0;
    int failed = ioctl(fd, UI_SET_EVBIT, EV_KEY) < 0 || ioctl(fd, UI_SET_EVBIT, EV_ABS) < 0;
    for (int i = 0; i < BUTTONS; i++)
        failed |= ioctl(fd, UI_SET_KEYBIT, buttons[i].code) < 0;
    for (int i = 0; i < AXES; i++) {
        struct uinput_abs_setup axis = {.code = (__u16)axes[i].code, .absinfo = range_of(axes[i].code, askew)};
        failed |= ioctl(fd, UI_ABS_SETUP, &axis) < 0;
    }
    if (!askew) {
        setup.ff_effects_max = EFFECTS;
        failed |= ioctl(fd, UI_SET_EVBIT, EV_FF) < 0;
        for (size_t i = 0; i < sizeof shaking / sizeof shaking[0]; i++)
            failed |= ioctl(fd, UI_SET_FFBIT, shaking[i]) < 0;
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

/* What the kernel wants of a pad that shakes. Whoever sets an effect up waits for our yes. */
static void answer_kernel(int pad)
{
    struct input_event event;
    while (read(pads[pad], &event, sizeof event) == sizeof event) {
        struct uinput_ff_upload upload = {.request_id = (__u32)event.value};
        struct uinput_ff_erase erase = {.request_id = (__u32)event.value};
        if (event.type == EV_UINPUT && event.code == UI_FF_UPLOAD) {
            ioctl(pads[pad], UI_BEGIN_FF_UPLOAD, &upload);
            ioctl(pads[pad], UI_END_FF_UPLOAD, &upload);
        } else if (event.type == EV_UINPUT && event.code == UI_FF_ERASE) {
            ioctl(pads[pad], UI_BEGIN_FF_ERASE, &erase);
            ioctl(pads[pad], UI_END_FF_ERASE, &erase);
        } else if (event.type == EV_FF && event.code < EFFECTS && event.value > 0) {
            shakes[pad]++;
        }
    }
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
    if (strcmp(verb, "shakes") == 0) {
        static char count[16];
        snprintf(count, sizeof count, "%d", shakes[pad]);
        return count;
    }
    return "there is no such command";
}

/* Obeys every whole line that has come; returns 0 at the end of all lines. */
static int read_commands(void)
{
    static char text[512];
    static size_t len;
    ssize_t got = read(STDIN_FILENO, text + len, sizeof text - 1 - len);
    if (got <= 0)
        return 0;
    len += (size_t)got;
    text[len] = 0;
    char *from = text;
    for (char *end; (end = strchr(from, '\n')); from = end + 1) {
        *end = 0;
        const char *answer = obey(from);
        printf("%s\n", answer ? answer : "ok");
        fflush(stdout);
    }
    len = strlen(from);
    memmove(text, from, len + 1);
    return len < sizeof text - 1;
}

int main(void)
{
    for (;;) {
        struct pollfd wait[PADS + 1] = {{.fd = STDIN_FILENO, .events = POLLIN}};
        for (int pad = 0; pad < PADS; pad++)
            wait[pad + 1] = (struct pollfd){.fd = pads[pad], .events = POLLIN};
        poll(wait, PADS + 1, -1);
        for (int pad = 0; pad < PADS; pad++)
            if (wait[pad + 1].revents & POLLIN)
                answer_kernel(pad);
        if (wait[0].revents && !read_commands())
            return 0;
    }
}
