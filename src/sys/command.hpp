// SPDX-License-Identifier: Apache-2.0
// Another program of the host's.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::sys {

struct CommandResult {
    int status = 0;      // as a shell shows it
    std::string output;  // standard output and standard error
};

// What a program gets as its standard streams instead of ours.
struct Streams {
    const Fd* input = nullptr;
    const Fd* output = nullptr;
    const Fd* error = nullptr;
};

// argv[0] is looked up in $PATH; no shell. The program has our environment and
// no descriptor but the standard ones, and dies of what we ignore (SIGPIPE).
// The caller waits for it.
Result<pid_t> spawn(const std::vector<std::string>& argv, const Streams& streams);

// The same, run to its end.
Result<CommandResult> run_command(const std::vector<std::string>& argv);

}  // namespace unitc::sys
