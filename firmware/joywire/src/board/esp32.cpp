// Boards with an ESP32, -S2, -S3, -C3 or -C6, under Espressif's Arduino core 3.
#ifdef ARDUINO_ARCH_ESP32

#include "board.h"

#include <Arduino.h>
#include <Preferences.h>
#include <hal/wdt_hal.h>
#include <soc/rtc.h>

#if ESP_ARDUINO_VERSION_MAJOR < 3
#error "Joywire needs version 3 of the ESP32 boards package: Tools > Board > Boards Manager"
#endif

// The tick is a task of the highest priority and not an interrupt: it stops motors as soon, and drive() may call
// analogWrite(), which an interrupt must not on this chip. So a mutex is the lock; it also works between the cores.
static SemaphoreHandle_t mutex;
static void (*on_tick)();
static volatile uint32_t ticks;

void joywire_lock()
{
    static StaticSemaphore_t memory;
    if (!mutex)
        mutex = xSemaphoreCreateMutexStatic(&memory); // in begin(), when nothing runs beside it yet
    xSemaphoreTake(mutex, portMAX_DELAY);
}

void joywire_unlock()
{
    xSemaphoreGive(mutex);
}

static void run(void *)
{
    TickType_t last = xTaskGetTickCount();
    for (;;) {
        vTaskDelayUntil(&last, pdMS_TO_TICKS(1));
        joywire_lock();
        ticks = ticks + 1;
        on_tick();
        joywire_unlock();
    }
}

void joywire_start_timer(void (*tick)())
{
    static_assert(pdMS_TO_TICKS(1) == 1, "the deadline needs a system tick of 1 kHz");
    on_tick = tick;
    if (xTaskCreatePinnedToCore(run, "joywire", 4096, nullptr, configMAX_PRIORITIES - 1, nullptr, ARDUINO_RUNNING_CORE)
        != pdPASS)
        ESP.restart();
}

// The watchdog of the real-time clock resets the whole chip, so all pins float, without asking FreeRTOS. The task
// watchdog would first print for a while, with the motors on.
static wdt_hal_context_t watchdog;
static bool watched;

static void watch(uint32_t milliseconds)
{
    uint32_t clock = rtc_clk_slow_freq_get_hz();
    wdt_hal_write_protect_disable(&watchdog);
    wdt_hal_config_stage(&watchdog, WDT_STAGE0, (uint64_t)milliseconds * clock / 1000, WDT_STAGE_ACTION_RESET_RTC);
    wdt_hal_enable(&watchdog);
    wdt_hal_feed(&watchdog);
    wdt_hal_write_protect_enable(&watchdog);
}

static const uint32_t PATIENCE_MS = 150;

void joywire_start_watchdog()
{
    wdt_hal_init(&watchdog, WDT_RWDT, 0, false);
    watched = true;
    watch(PATIENCE_MS);
}

void joywire_feed_watchdog()
{
    static uint32_t seen;
    if (ticks == seen)
        return; // no tick since the last time: if that stays so, the board must not be kept alive
    seen = ticks;
    wdt_hal_write_protect_disable(&watchdog);
    wdt_hal_feed(&watchdog);
    wdt_hal_write_protect_enable(&watchdog);
}

// Both are in the non-volatile storage, which has checksums and finishes or forgets what a power failure cut short.
uint16_t joywire_count_start()
{
    Preferences kept;
    if (!kept.begin("joywire"))
        return (uint16_t)esp_random();
    uint16_t starts = (uint16_t)(kept.getUShort("starts", (uint16_t)esp_random()) + 1);
    kept.putUShort("starts", starts);
    kept.end();
    return starts;
}

uint32_t joywire_kept_latch()
{
    Preferences kept;
    if (!kept.begin("joywire"))
        return 1;
    uint32_t name = kept.getUInt("latch", 0);
    kept.end();
    return name;
}

void joywire_keep_latch(uint32_t name)
{
    // Erasing flash can take longer than the watchdog allows. The motors are off.
    if (watched)
        watch(2000);
    Preferences kept;
    if (kept.begin("joywire")) {
        kept.putUInt("latch", name);
        kept.end();
    }
    if (watched)
        watch(PATIENCE_MS);
}

#endif
