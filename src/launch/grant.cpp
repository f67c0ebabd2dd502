// SPDX-License-Identifier: Apache-2.0
#include "launch/grant.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include "sys/file.hpp"

namespace unitc::launch {

Result<> grant(const Child& child, const plan::InitPlan& plan) {
    if (!child.id_maps())
        return {};
    for (const plan::Limit& limit : plan.process.rlimits) {
        const rlimit wanted{limit.soft, limit.hard};
        // Our own child, not reaped: the pid is its.
        if (::prlimit(child.pid(), static_cast<__rlimit_resource>(limit.resource), &wanted,
                      nullptr) < 0)
            return Failure{fail_sys("prlimit", limit.name).value().in("process.rlimits")};
    }
    if (!plan.process.terminal)
        if (const auto uid = sys::to_outside(child.id_maps()->uids, plan.process.uid))
            // The others are not the container's where its output is the journal's.
            sys::hand_over_streams(*uid, plan.process.to_journal ? STDIN_FILENO : STDERR_FILENO);
    return {};
}

}  // namespace unitc::launch
