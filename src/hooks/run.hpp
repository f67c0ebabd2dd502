// SPDX-License-Identifier: Apache-2.0
// Running hooks (config.md "POSIX-platform Hooks"): one program after the
// other, each with the state on its standard input and a time it may take.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/stopwatch.hpp"
#include "oci/config.hpp"

namespace unitc::hooks {

struct Setting {
    std::string_view name;             // "createRuntime", for errors
    std::vector<std::string> env;      // of a hook that names none
    int directory = -1;                // descriptor of where they run; -1: where the caller is
    std::optional<Deadline> deadline;  // of them all, beside each hook's own timeout
};

// In order, until one fails: "error running createRuntime hook #0: exit
// status 1, stdout: , stderr: …", as runc says it.
Result<> run(const Setting& setting, const std::vector<oci::Hook>& list, std::string_view state);

// The hook at `index` of the list alone.
Result<> run_one(const Setting& setting, const std::vector<oci::Hook>& list, size_t index,
                 std::string_view state);

}  // namespace unitc::hooks
