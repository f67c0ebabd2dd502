// SPDX-License-Identifier: Apache-2.0
// A short-lived copy of this process, for what changes the process that does
// it: entering a namespace, or being in a new one.
#pragma once

#include <string>
#include <utility>

#include "base/result.hpp"
#include "launch/child.hpp"
#include "sys/clone.hpp"
#include "wire/channel.hpp"

namespace unitc::launch {

// First thing in a helper: it ends with its parent, and nobody whose namespace
// it enters may look into it (CVE-2016-9962).
Result<> begin_helper();
[[noreturn]] void end_helper(const wire::Channel& channel, Result<std::string> done);

// Runs `body`, which returns a Result<std::string>, in a helper made with
// `namespaces` (CLONE_NEW*). What it returns arrives as the payload of Ready,
// an error as Failed.
template <typename Body>
Result<Child> start_helper(uint64_t namespaces, Body body) {
    auto [ours, theirs] = TRY(wire::make_pair());
    TRY(sys::check_single_threaded());
    sys::Clone cloned = TRY(sys::clone_process(namespaces));
    if (cloned.pid == 0) {
        ours.close();  // or we would not see our parent end
        if (auto begun = begin_helper(); !begun)
            end_helper(theirs, Failure{std::move(begun).error()});
        end_helper(theirs, body(theirs));
    }
    return Child{cloned.pid, std::move(cloned.pidfd), std::move(ours)};
}

}  // namespace unitc::launch
