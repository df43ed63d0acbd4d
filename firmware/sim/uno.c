/* An Arduino Uno in emulation (simavr): the real Arduino core, the library and a sketch, cycle by cycle.
 *
 * Its motors are read from the pins of the TwoMotors wiring: D9 with D7 and D8, D10 with D12 and D11. */
#include <simavr/avr_eeprom.h>
#include <simavr/avr_ioport.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

const char machine_usage[] = "An emulated Arduino Uno. Argument: the sketch as an ELF file.";

enum { FREQUENCY = 16000000, CYCLES_PER_US = FREQUENCY / 1000000 };

/* Registers of an ATmega328P, data addresses. */
enum { PORTB = 0x25, PORTC = 0x28, PORTD = 0x2B, TCCR1A = 0x80, OCR1A = 0x88, OCR1B = 0x8A };

/* A motor's three pins. */
static const struct {
    uint8_t com;             /* bit of TCCR1A that connects the PWM to its pin */
    uint16_t compare;        /* register with the PWM's duty */
    uint8_t pwm_bit;         /* of PORTB: what the pin does while PWM is off */
    uint16_t forward_port;
    uint8_t forward_bit;
    uint16_t backward_port;
    uint8_t backward_bit;
} motors[MOTORS] = {
    {0x80, OCR1A, 1, PORTD, 7, PORTB, 0},
    {0x20, OCR1B, 2, PORTB, 4, PORTB, 3},
};

static avr_t *avr;
static avr_irq_t *receive_pin;
static avr_cycle_count_t last_cycle;
static int16_t outputs[MOTORS];
static bool held;

static uint64_t now_us(void)
{
    return avr->cycle / CYCLES_PER_US;
}

static bool is_high(uint16_t port, uint8_t bit)
{
    return avr->data[port] >> bit & 1;
}

static int16_t output(int motor)
{
    /* Both directions high or low: whatever the PWM does is counted, as the stricter reading. */
    int duty = avr->data[TCCR1A] & motors[motor].com ? avr->data[motors[motor].compare]
               : is_high(PORTB, motors[motor].pwm_bit) ? 255
                                                       : 0;
    bool back = is_high(motors[motor].backward_port, motors[motor].backward_bit) &&
                !is_high(motors[motor].forward_port, motors[motor].forward_bit);
    return (int16_t)((back ? -1 : 1) * (duty * 1000 + 127) / 255);
}

/* Looks at the pins. simavr's own interrupts for PWM never come in the mode that the Arduino core uses, so this
 * follows writes to the registers, a little later, when a pair of them is done. */
static avr_cycle_count_t look(avr_t *unused, avr_cycle_count_t when, void *parameter)
{
    (void)unused, (void)when, (void)parameter;
    bool changed = false;
    for (int motor = 0; motor < MOTORS; motor++) {
        int16_t now = output(motor);
        changed |= now != outputs[motor];
        outputs[motor] = now;
    }
    if (changed)
        bench_outputs(now_us(), outputs);
    return 0;
}

static void look_soon(void)
{
    avr_cycle_timer_cancel(avr, look, NULL);
    avr_cycle_timer_register(avr, 4 * CYCLES_PER_US, look, NULL);
}

/* simavr allows few listeners a register, so ours calls the one before it. */
static struct {
    avr_io_write_t write;
    void *parameter;
} before[MAX_IOs];

static void on_write(avr_t *unused, avr_io_addr_t address, uint8_t value, void *parameter)
{
    (void)parameter;
    int io = AVR_DATA_TO_IO(address);
    if (before[io].write)
        before[io].write(unused, address, value, before[io].parameter);
    else
        avr->data[address] = value;
    look_soon();
}

static void listen_to(uint16_t address)
{
    int io = AVR_DATA_TO_IO(address);
    before[io].write = (avr_io_write_t)avr->io[io].w.c;
    before[io].parameter = avr->io[io].w.param;
    avr->io[io].w.c = on_write;
    avr->io[io].w.param = NULL;
}

static void on_sent(avr_irq_t *irq, uint32_t value, void *parameter)
{
    (void)irq, (void)parameter;
    bench_sent((uint8_t)value);
}

/* Time passes by cycles, not by sleeping. */
static void no_sleep(avr_t *unused, avr_cycle_count_t cycles)
{
    (void)unused, (void)cycles;
}

static void complain_only(avr_t *unused, const int level, const char *format, va_list arguments)
{
    (void)unused;
    /* A receiver that overruns is what floods are for. */
    if (level <= LOG_ERROR && !strstr(format, "overrun"))
        vfprintf(stderr, format, arguments);
}

/* A reset sets everything back; our time goes on. */
static void (*reset_before)(avr_t *);
static const char *resetting; /* why, if we do it ourselves */

static void on_reset(avr_t *unused)
{
    if (reset_before)
        reset_before(unused);
    avr->cycle = last_cycle;
    bench_event(now_us(), resetting ? resetting : "the watchdog has reset the board");
    resetting = NULL;
    look_soon();
}

static void reset(const char *why)
{
    resetting = why;
    avr_reset(avr);
}

void machine_begin(int argc, char **argv)
{
    elf_firmware_t firmware = {0};
    uint32_t quiet = 0;
    if (argc != 1) {
        fprintf(stderr, "uno: name one sketch, an ELF file\n");
        exit(2);
    }
    avr_global_logger_set(complain_only);
    if (elf_read_firmware(argv[0], &firmware) != 0) {
        fprintf(stderr, "uno: %s is no ELF file of a sketch\n", argv[0]);
        exit(2);
    }
    avr = avr_make_mcu_by_name("atmega328p");
    if (!avr || avr_init(avr) != 0) {
        fprintf(stderr, "uno: simavr has no ATmega328P\n");
        exit(2);
    }
    avr_load_firmware(avr, &firmware);
    avr->frequency = FREQUENCY;
    avr->log = LOG_ERROR;
    avr->sleep = no_sleep;
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &quiet);
    reset_before = avr->reset;
    avr->reset = on_reset;
    receive_pin = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_sent, NULL);
    const uint16_t registers[] = {PORTB, PORTD, TCCR1A, OCR1A, OCR1B};
    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++)
        listen_to(registers[i]);
}

void machine_run(uint64_t to_us)
{
    avr_cycle_count_t goal = to_us * CYCLES_PER_US;
    if (held)
        avr->cycle = last_cycle = goal;
    while (avr->cycle < goal) {
        int state = avr_run(avr);
        last_cycle = avr->cycle;
        if (state == cpu_Done || state == cpu_Crashed) {
            bench_event(now_us(), "the sketch has crashed");
            exit(3);
        }
    }
}

void machine_receive(uint8_t byte)
{
    if (!held)
        avr_raise_irq(receive_pin, byte);
}

void machine_hold(void)
{
    held = true;
    reset("in reset");
    look(avr, 0, NULL);
}

void machine_boot(void)
{
    held = false;
    reset("starts");
}

/* `pin A0 1`: sets an analog pin, which a sketch may read as a switch. `spoil 3`: a bit of the fourth of the EEPROM's
 * last twelve bytes turns over. */
bool machine_command(const char *line)
{
    enum { KEPT_AT = 1024 - 12 };
    unsigned pin, value, byte;
    if (sscanf(line, "pin A%u %u", &pin, &value) == 2 && pin <= 5) {
        avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('C'), (int)pin), value != 0);
        return true;
    }
    if (sscanf(line, "spoil %u", &byte) == 1 && byte < 12) {
        uint8_t content;
        avr_eeprom_desc_t place = {&content, (uint16_t)(KEPT_AT + byte), 1};
        avr_ioctl(avr, AVR_IOCTL_EEPROM_GET, &place);
        content ^= 1;
        place.ee = &content;
        avr_ioctl(avr, AVR_IOCTL_EEPROM_SET, &place);
        return true;
    }
    return false;
}
