// SPDX-License-Identifier: Apache-2.0
// A table of steps and the loop that runs it.
#pragma once

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
