// SPDX-License-Identifier: Apache-2.0
// Where `unitc top` is seen: a terminal that is drawn anew and asked for keys,
// or one table after the other.
#pragma once

#include <termios.h>

#include <optional>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "ops/ops.hpp"

namespace unitc::cli {

// The order that a key asks for: n, t, c, m, i.
std::optional<ops::TopOrder> order_of_key(char key);

class Screen {
public:
    // In batch mode nothing is asked for and nothing overwritten.
    static Result<Screen> open(bool batch, int64_t delay_ns);
    Screen(Screen&& other) noexcept;
    Screen& operator=(Screen&&) = delete;
    // Gives the terminal back as it was.
    ~Screen();

    // How much there is room for.
    void measure(ops::TopScreen& screen) const;

    // As ops::ShowTop wants it.
    Result<bool> show(std::string_view table, bool last, ops::TopScreen& screen);

private:
    Screen(bool batch, int64_t delay_ns, Fd signals)
        : batch_(batch), delay_ns_(delay_ns), signals_(std::move(signals)) {}
    Result<bool> wait(ops::TopScreen& screen) const;
    Result<> draw(std::string_view table) const;
    bool batch_;
    int64_t delay_ns_;
    Fd signals_;                       // of those that end it
    std::optional<termios> settings_;  // of standard input, before
    bool first_ = true;
};

}  // namespace unitc::cli
