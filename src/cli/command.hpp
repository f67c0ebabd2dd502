// SPDX-License-Identifier: Apache-2.0
// One command as a row of a table: its words, its rules and its handler.
#pragma once

#include <span>
#include <string_view>

#include "base/result.hpp"
#include "cli/invocation.hpp"
#include "cli/option.hpp"

namespace unitc::cli {

struct Command {
    const char* name;
    const char* help;       // one line
    const char* arguments;  // "<container-id> [signal]"
    size_t least;           // how many arguments
    size_t most;
    // kill: what follows the id is a signal, even if it starts with a dash.
    bool options_end_at_argument;
    bool makes_container;  // its memory and executable must be out of the container's reach
    const Options& options;
    const char* description;
    Result<int> (*run)(const Invocation& invocation);  // the exit status
    // exec: puts a process into a container, with the same care.
    bool enters_container = false;
    int failure_status = 1;  // when it could not be done; runc's exec: 255
    int unknown_status = 1;  // when there is no such container
};

std::span<const Command> commands();

// One of these or an internal one, which no list shows; nullptr if there is none of that name.
const Command* find_command(std::string_view name);

// A command of runc's that there is not yet.
bool is_unsupported(std::string_view name);

}  // namespace unitc::cli
