#define _GNU_SOURCE
#include "include/CLinux.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

// xterm's private modes: the other screen, the cursor, lines that are too long.
static const char enter[] = "\033[?1049h\033[?25l\033[?7l\033[2J";
static const char leave[] = "\033[?7h\033[?25h\033[0m\033[H\033[2J\033[?1049l";

static struct termios before;
static int terminal = -1;
static int guardian = -1;
static atomic_int is_taken;

static void put(int descriptor, const void *bytes, size_t length) {
    const char *next = bytes;
    while (length > 0) {
        ssize_t count = write(descriptor, next, length);
        if (count > 0) {
            next += count;
            length -= (size_t)count;
        } else if (count < 0 && errno != EINTR) {
            return;
        }
    }
}

// Keys come one by one and unseen; those that make signals still do, and output is as before.
static struct termios taken_from(struct termios settings) {
    settings.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    settings.c_iflag &= ~(tcflag_t)(IXON | ICRNL | INLCR | IGNCR);
    settings.c_cc[VMIN] = 0;
    settings.c_cc[VTIME] = 0;
    return settings;
}

int packetwalk_terminal_take(int descriptor, int guardian_input) {
    // Where it is ours already its settings are not what is to come back.
    if (!atomic_load(&is_taken)) {
        struct termios now;
        if (tcgetattr(descriptor, &now) != 0) return -errno;
        before = now;
        terminal = descriptor;
        guardian = guardian_input;
        // Before anything changes: from here on it is put back whatever happens.
        if (guardian >= 0) {
            char message[1 + sizeof before];
            message[0] = '1';
            memcpy(message + 1, &before, sizeof before);
            put(guardian, message, sizeof message);
        }
        atomic_store(&is_taken, 1);
    }
    struct termios settings = taken_from(before);
    int code = tcsetattr(descriptor, TCSANOW, &settings) == 0 ? 0 : -errno;
    put(descriptor, enter, sizeof enter - 1);
    return code;
}

void packetwalk_terminal_release(void) {
    if (!atomic_exchange(&is_taken, 0)) return;
    int code = errno;
    put(terminal, leave, sizeof leave - 1);
    // What was typed for the screen is not for what comes after it.
    tcsetattr(terminal, TCSAFLUSH, &before);
    if (guardian >= 0) put(guardian, "0", 1);
    errno = code;
}

int packetwalk_terminal_size(int descriptor, int *columns, int *rows) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return -errno;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}

int packetwalk_terminal_guard(int input, int descriptor) {
    for (int number = 1; number < 32; number++) signal(number, SIG_IGN);
    struct termios settings;
    int is_left = 0;
    for (;;) {
        char kind;
        ssize_t count = read(input, &kind, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        is_left = kind == '1';
        size_t length = 0;
        while (is_left && length < sizeof settings) {
            ssize_t more = read(input, (char *)&settings + length, sizeof settings - length);
            if (more < 0 && errno == EINTR) continue;
            if (more <= 0) return 64;
            length += (size_t)more;
        }
    }
    if (!is_left) return 0;
    put(descriptor, leave, sizeof leave - 1);
    // A shell may have its own settings there by now: they stay.
    struct termios now, ours = taken_from(settings);
    if (tcgetattr(descriptor, &now) != 0) return 1;
    if (now.c_lflag == ours.c_lflag && now.c_iflag == ours.c_iflag && now.c_cc[VMIN] == 0 && now.c_cc[VTIME] == 0) {
        tcsetattr(descriptor, TCSANOW, &settings);
    }
    return 0;
}
