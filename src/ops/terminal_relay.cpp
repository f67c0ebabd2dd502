// SPDX-License-Identifier: Apache-2.0
#include "ops/terminal_relay.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "sys/terminal.hpp"

namespace unitc::ops {
namespace {

constexpr size_t kBuffer = size_t{16} << 10;
constexpr int kDrainMs = 1000;

bool can_take(const std::string& buffer) {
    return buffer.size() < kBuffer;
}

// The first of the standard descriptors that is a terminal.
int user_terminal() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
        if (::isatty(fd) == 1)
            return fd;
    return -1;
}

bool is_ready(int fd, short events) {
    pollfd one{fd, events, 0};
    return ::poll(&one, 1, 0) == 1 && one.revents != 0;
}

}  // namespace

void take_users_window(const Fd& master) {
    // No terminal of the user's: the config's size stays.
    if (const int terminal = user_terminal(); terminal >= 0) [[maybe_unused]]
        const auto copied = sys::copy_window(terminal, master);
}

Result<TerminalRelay> TerminalRelay::begin(Fd master) {
    TerminalRelay relay;
    relay.master_ = std::move(master);
    const int flags = ::fcntl(relay.master_.get(), F_GETFL);
    if (flags < 0 || ::fcntl(relay.master_.get(), F_SETFL, flags | O_NONBLOCK) < 0)
        return fail_sys("fcntl", "terminal");
    relay.resize();
    termios settings{};
    if (::tcgetattr(STDIN_FILENO, &settings) == 0) {
        relay.saved_ = settings;
        ::cfmakeraw(&settings);
        // The container's terminal adds no carriage returns, so this one does.
        settings.c_oflag |= OPOST;
        if (::tcsetattr(STDIN_FILENO, TCSANOW, &settings) < 0)
            return fail_sys("tcsetattr");
    }
    return relay;
}

TerminalRelay::TerminalRelay(TerminalRelay&& other) noexcept
    : master_(std::move(other.master_)),
      saved_(std::exchange(other.saved_, std::nullopt)),
      to_master_(std::move(other.to_master_)),
      to_output_(std::move(other.to_output_)),
      input_open_(other.input_open_),
      master_open_(other.master_open_) {}

TerminalRelay::~TerminalRelay() {
    if (saved_)
        ::tcsetattr(STDIN_FILENO, TCSANOW, &*saved_);
}

void TerminalRelay::resize() {
    take_users_window(master_);
}

void TerminalRelay::add_to(std::vector<pollfd>& polled) const {
    if (input_open_ && can_take(to_master_))
        polled.push_back({STDIN_FILENO, POLLIN, 0});
    if (!to_output_.empty())
        polled.push_back({STDOUT_FILENO, POLLOUT, 0});
    short events = 0;
    if (can_take(to_output_))
        events |= POLLIN;
    if (!to_master_.empty())
        events |= POLLOUT;
    if (master_open_ && events != 0)
        polled.push_back({master_.get(), events, 0});
}

void TerminalRelay::read_input() {
    char bytes[kBuffer];
    const ssize_t got = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (got > 0)
        to_master_.append(bytes, static_cast<size_t>(got));
    else if (got == 0 || (errno != EINTR && errno != EAGAIN))
        input_open_ = false;
}

void TerminalRelay::read_master() {
    char bytes[kBuffer];
    const ssize_t got = ::read(master_.get(), bytes, sizeof bytes);
    if (got > 0)
        to_output_.append(bytes, static_cast<size_t>(got));
    else if (got == 0 || (errno != EINTR && errno != EAGAIN))
        master_open_ = false;  // EIO: nobody holds the other side
}

// False when the descriptor takes no more, ever.
bool TerminalRelay::flush(int fd, std::string& bytes) {
    if (bytes.empty())
        return true;
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0)
        return errno == EINTR || errno == EAGAIN;
    bytes.erase(0, static_cast<size_t>(put));
    return true;
}

void TerminalRelay::advance() {
    if (input_open_ && can_take(to_master_) && is_ready(STDIN_FILENO, POLLIN))
        read_input();
    if (master_open_ && can_take(to_output_))
        read_master();
    if (!flush(master_.get(), to_master_))
        to_master_.clear();
    // One write at most once it is said to be possible: standard output may
    // be a terminal that others share, so it is not made non-blocking.
    if (!to_output_.empty() && is_ready(STDOUT_FILENO, POLLOUT) &&
        !flush(STDOUT_FILENO, to_output_))
        to_output_.clear();
}

void TerminalRelay::drain() {
    while (master_open_) {
        if (!is_ready(master_.get(), POLLIN | POLLHUP))
            break;
        read_master();
        pollfd output{STDOUT_FILENO, POLLOUT, 0};
        if (::poll(&output, 1, kDrainMs) != 1 || !flush(STDOUT_FILENO, to_output_))
            return;
    }
    pollfd output{STDOUT_FILENO, POLLOUT, 0};
    while (!to_output_.empty() && ::poll(&output, 1, kDrainMs) == 1)
        if (!flush(STDOUT_FILENO, to_output_))
            return;
}

}  // namespace unitc::ops
