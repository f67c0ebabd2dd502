// SPDX-License-Identifier: Apache-2.0
// Between the user's terminal and the container's, while `run` is in the
// foreground.
#pragma once

#include <poll.h>
#include <termios.h>

#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::ops {

// Gives the container's terminal the size of the user's, if there is one: to
// be called before the program starts, which may ask at once.
void take_users_window(const Fd& master);

// Copies standard input to the master and the master to standard output,
// never blocking on either; gives the user's terminal back on destruction.
class TerminalRelay {
public:
    // Puts standard input, if it is a terminal, into raw mode.
    static Result<TerminalRelay> begin(Fd master);
    TerminalRelay(TerminalRelay&& other) noexcept;
    TerminalRelay& operator=(TerminalRelay&&) = delete;
    ~TerminalRelay();

    // What to poll, and what to do when poll said something.
    void add_to(std::vector<pollfd>& polled) const;
    void advance();

    // The user's window has changed.
    void resize();

    // After the container's end: what it wrote last still goes out.
    void drain();

private:
    TerminalRelay() = default;
    void read_input();
    void read_master();
    static bool flush(int fd, std::string& bytes);

    Fd master_;
    std::optional<termios> saved_;
    std::string to_master_;
    std::string to_output_;
    bool input_open_ = true;
    bool master_open_ = true;
};

}  // namespace unitc::ops
