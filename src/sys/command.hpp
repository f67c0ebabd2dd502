// SPDX-License-Identifier: Apache-2.0
// Another program of the host's, run to its end.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace unitc::sys {

struct CommandResult {
    int status = 0;      // as a shell shows it
    std::string output;  // standard output and standard error
};

// argv[0] is looked up in $PATH; no shell. The program has our standard input
// and environment, and no descriptor but the standard ones.
Result<CommandResult> run_command(const std::vector<std::string>& argv);

}  // namespace unitc::sys
