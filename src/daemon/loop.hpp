// SPDX-License-Identifier: Apache-2.0
// One thread waiting for many descriptors: epoll(7), which does not grow dearer
// with a thousand containers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::daemon {

class Loop {
public:
    static Result<Loop> open();

    // `ready` is called while `fd` is readable, or has what else `events`
    // (EPOLL*) says. Again for the same descriptor: changes what is waited for.
    Result<> watch(int fd, uint32_t events, std::function<void()> ready);
    // Before the descriptor is closed. Unknown ones are fine.
    void forget(int fd);

    // Waits once and calls what is ready. -1: for ever.
    Result<> turn(int timeout_ms);

private:
    explicit Loop(Fd epoll) : epoll_(std::move(epoll)) {}
    Fd epoll_;
    std::map<int, std::function<void()>> watched_;
};

}  // namespace unitc::daemon
