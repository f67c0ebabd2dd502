// SPDX-License-Identifier: Apache-2.0
// How long each part of a verb took, for --debug.
#pragma once

#include <string>

#include "base/log.hpp"
#include "base/stopwatch.hpp"

namespace unitc::ops {

class Laps {
public:
    void lap(const char* name) {
        if (!log::enabled(log::Level::Debug))
            return;
        const int64_t now = monotonic_us();
        log::debug(std::string{"parent: "} + name + ": " + std::to_string(now - begun_) + " us");
        begun_ = now;
    }

private:
    int64_t begun_ = monotonic_us();
};

}  // namespace unitc::ops
