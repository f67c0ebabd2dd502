// SPDX-License-Identifier: Apache-2.0
// Waiting for what happens in a group: the OOM killer, and its end. By poll(2)
// on the files themselves, which is what the kernel offers beside inotify.
#pragma once

#include <cstdint>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "base/stopwatch.hpp"

namespace unitc::cgroup {

class Watch {
public:
    // `init` is a pidfd of the first process: its end is a reason to look.
    static Result<Watch> begin(const Fd& cgroup, Fd init);

    // Until something has changed, or the deadline. May return early.
    Result<> wait(Deadline until);

    // Processes that the OOM killer took since it was asked last, or since
    // begin(). 0 where the group has no memory controller.
    uint64_t new_oom_kills();
    // False once the last process has gone, and the group perhaps with it.
    bool lives() const;

private:
    Watch(Fd events, Fd memory, Fd init);
    Fd events_;  // cgroup.events
    Fd memory_;  // memory.events
    Fd init_;
    uint64_t oom_kills_ = 0;
};

}  // namespace unitc::cgroup
