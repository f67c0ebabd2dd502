// SPDX-License-Identifier: Apache-2.0
// `run` in the foreground: signals go to the container, its status comes back.
#pragma once

#include <functional>
#include <optional>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "cgroup/victims.hpp"
#include "launch/child.hpp"

namespace unitc::ops {

class Foreground {
public:
    // Call before the container's program starts, so that no signal is lost:
    // takes all of them to itself.
    static Result<Foreground> begin();

    // Until the container's process has ended: forwards signals, follows the
    // window's size, copies the terminal (an empty master: there is none),
    // reaps whatever else becomes our child. The status as a shell shows it.
    Result<int> wait(const launch::Child& child, Fd master);

    // The same of a process that another one reaps: asked for its status
    // whenever something happens, and when it has ended.
    using Ask = std::function<Result<std::optional<int>>()>;
    Result<int> wait(const Fd& pidfd, const Ask& status, Fd master);

private:
    explicit Foreground(Fd signals) : signals_(std::move(signals)) {}
    Fd signals_;
};

// Says which of the container's processes the OOM killer took: a status of 137
// alone tells nobody why.
void warn_of_victims(const cgroup::VictimLog& log);

}  // namespace unitc::ops
