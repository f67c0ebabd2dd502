// SPDX-License-Identifier: Apache-2.0
// A table of steps and the loop that runs it.
#pragma once

#include <linux/seccomp.h>

#include <cstddef>
#include <string>

#include "base/stopwatch.hpp"
#include "init/context.hpp"

namespace unitc::init {

struct Step {
    const char* name;                       // seen in errors and timings
    bool (*wanted)(const plan::InitPlan&);  // false: the config does not ask for it
    Result<> (*run)(Context&);
};

inline bool always(const plan::InitPlan&) {
    return true;
}

// The filter asks an agent, which is to be told of it.
inline bool has_agent(const plan::InitPlan& plan) {
    return plan.seccomp && (plan.seccomp->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
}
inline bool has_labels(const plan::InitPlan& plan) {
    return !plan.process.apparmor_profile.empty() || !plan.process.selinux_label.empty();
}
inline bool labels_keyring(const plan::InitPlan& plan) {
    return plan.new_keyring && !plan.process.selinux_label.empty();
}

template <size_t N>
Result<> run_steps(const Step (&steps)[N], Context& context) {
    int64_t before = monotonic_us();
    for (const Step& step : steps) {
        if (!step.wanted(context.plan))
            continue;
        if (auto done = step.run(context); !done)
            return Failure{std::move(done).error()};
        const int64_t now = monotonic_us();
        context.timings.append(step.name)
            .append(" ")
            .append(std::to_string(now - before))
            .append("\n");
        before = now;
    }
    return {};
}

}  // namespace unitc::init
