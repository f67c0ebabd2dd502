// SPDX-License-Identifier: Apache-2.0
// The container's first process from clone3 to execve. It runs on a copy of
// the parent's memory and never returns into it.
#pragma once

#include "base/fd.hpp"
#include "plan/plan.hpp"
#include "wire/channel.hpp"

namespace unitc::init {

struct Inheritance {
    wire::Channel channel;  // to the parent
    Fd start_listener;      // create: where `start` will knock; run: none
    Fd output;              // instead of the inherited standard output and error; or none
    Fd device_store;        // in a user namespace: where the device nodes are
};

// Runs the step table, reports what fails, and ends as the container's
// process or with _exit(1).
[[noreturn]] void child_main(const plan::InitPlan& plan, Inheritance inheritance) noexcept;

// exec: enters the namespaces of the container whose first process is behind
// the pidfd `container`, makes a process there as its own sibling, and ends.
// That process runs the second table. Same ends as above.
[[noreturn]] void joiner_main(const plan::InitPlan& plan, wire::Channel channel,
                              const Fd& container) noexcept;

// What the parent does in the child's place:
// A detached copy of a bind mount's source.
Result<Fd> copy_source(const plan::MountStep& step);
// Enters all of them, in this order.
Result<> join_all(const std::vector<plan::Join>& joins);

}  // namespace unitc::init
