// SPDX-License-Identifier: Apache-2.0
#include "cli/screen.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>

#include "cli/output.hpp"
#include "cli/pager.hpp"
#include "sys/file.hpp"

namespace unitc::cli {
namespace {

constexpr const char* kHome = "\033[H";
constexpr const char* kClearBelow = "\033[J";
constexpr const char* kClearLine = "\033[K";

// What ends us leaves the terminal as it was.
Result<Fd> catch_signals() {
    sigset_t ends;
    ::sigemptyset(&ends);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
        ::sigaddset(&ends, signal);
    if (::sigprocmask(SIG_BLOCK, &ends, nullptr) < 0)
        return fail_sys("sigprocmask");
    Fd signals{::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!signals)
        return fail_sys("signalfd");
    return signals;
}

}  // namespace

std::optional<ops::TopOrder> order_of_key(char key) {
    switch (key) {
        case 'n': return ops::TopOrder::Id;
        case 't': return ops::TopOrder::Tasks;
        case 'c': return ops::TopOrder::Cpu;
        case 'm': return ops::TopOrder::Memory;
        case 'i': return ops::TopOrder::Io;
        default: return std::nullopt;
    }
}

Result<Screen> Screen::open(bool batch, int64_t delay_ns) {
    Screen screen{batch, delay_ns, TRY(catch_signals())};
    termios settings{};
    if (batch || ::tcgetattr(STDIN_FILENO, &settings) < 0)
        return screen;
    screen.settings_ = settings;
    settings.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &settings);
    return screen;
}

Screen::Screen(Screen&& other) noexcept
    : batch_(other.batch_),
      delay_ns_(other.delay_ns_),
      signals_(std::move(other.signals_)),
      settings_(std::exchange(other.settings_, std::nullopt)),
      first_(other.first_) {}

Screen::~Screen() {
    if (settings_)
        ::tcsetattr(STDIN_FILENO, TCSADRAIN, &*settings_);
}

Result<> Screen::draw(std::string_view table) const {
    std::string out = first_ ? std::string{kHome} + kClearBelow : kHome;
    for (const char c : table)
        out.append(c == '\n' ? kClearLine : "").append(1, c);
    return print(out + kClearBelow);
}

// False: it shall end.
Result<bool> Screen::wait(ops::TopScreen& screen) const {
    pollfd ready[] = {{signals_.get(), POLLIN, 0}, {settings_ ? STDIN_FILENO : -1, POLLIN, 0}};
    const timespec delay{delay_ns_ / 1'000'000'000, delay_ns_ % 1'000'000'000};
    const int count = sys::retry_eintr([&] { return ::ppoll(ready, 2, &delay, nullptr); });
    if (count < 0)
        return fail_sys("poll");
    if (ready[0].revents != 0)
        return false;
    if (ready[1].revents == 0)
        return true;
    char key = 0;
    // The end of the input is the end of who could type.
    if (sys::retry_eintr([&] { return ::read(STDIN_FILENO, &key, 1); }) != 1 || key == 'q')
        return false;
    screen.order = order_of_key(key).value_or(screen.order);
    return true;
}

void Screen::measure(ops::TopScreen& screen) const {
    winsize size{};
    if (batch_ || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
        return;
    screen.rows = size.ws_row > 1 ? size.ws_row - 1u : 0;  // the cursor's line is below
    screen.columns = size.ws_col;
}

Result<bool> Screen::show(std::string_view table, bool last, ops::TopScreen& screen) {
    if (!table.empty() && batch_) {
        // An empty line tells one table from the next.
        TRY(print(first_ ? std::string{table} : "\n" + std::string{table}));
        first_ = false;
    } else if (!table.empty()) {
        TRY(draw(table));
        first_ = false;
    }
    if (last)
        return false;
    const bool go_on = TRY(wait(screen));
    measure(screen);
    return go_on;
}

}  // namespace unitc::cli
