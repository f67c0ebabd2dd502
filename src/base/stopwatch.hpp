// SPDX-License-Identifier: Apache-2.0
// Monotonic time for step timings and deadlines.
#pragma once

#include <algorithm>
#include <cstdint>
#include <ctime>

namespace unitc {

inline int64_t monotonic_us() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

// A point in time that a whole verb shares; never the wall clock.
class Deadline {
public:
    static Deadline in_ms(int64_t milliseconds) {
        return Deadline{monotonic_us() + milliseconds * 1000};
    }
    // What is left, at least 0; for poll(2) and sd-bus timeouts.
    int64_t left_us() const {
        const int64_t left = at_us_ - monotonic_us();
        return left > 0 ? left : 0;
    }
    int left_ms() const { return static_cast<int>((left_us() + 999) / 1000); }
    bool passed() const { return left_us() == 0; }

    // This one, or a moment from now, whichever is first.
    Deadline but_at_most_us(int64_t microseconds) const {
        return Deadline{std::min(at_us_, monotonic_us() + microseconds)};
    }

private:
    explicit Deadline(int64_t at_us) : at_us_(at_us) {}
    int64_t at_us_;
};

// How long to wait before each next look at what gives no sign of itself: the
// first is worth taking soon, and what is busy is not helped by our looks.
class Pauses {
public:
    int64_t next_us() {
        const int64_t pause = next_us_;
        next_us_ = std::min<int64_t>(next_us_ * 2, 10'000);
        return pause;
    }

private:
    int64_t next_us_ = 100;
};

}  // namespace unitc
