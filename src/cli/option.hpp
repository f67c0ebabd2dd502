// SPDX-License-Identifier: Apache-2.0
// One option as a row of a table: how it is spelled, what the help says, and
// what it does to the invocation.
#pragma once

#include <span>
#include <string_view>

#include "base/result.hpp"
#include "cli/invocation.hpp"

namespace unitc::cli {

struct Option {
    const char* name;        // "bundle": --bundle, and -bundle as Go programs accept it
    char letter;             // 'b': -b; 0: none
    const char* value_name;  // "DIR": takes a value; nullptr: a switch
    const char* help;        // nullptr: not shown
    // A switch is given "true" or "false".
    Result<> (*apply)(Invocation& invocation, std::string_view value);
};

using Options = std::span<const Option>;

extern const Options kGlobalOptions;  // before the command, and after it
extern const Options kRootOptions;    // before the command only
extern const Options kPlainOptions;   // of commands that have none but --help
extern const Options kCreateOptions;
extern const Options kRunOptions;
extern const Options kStartServiceOptions;
extern const Options kPlanOptions;
extern const Options kExecOptions;
extern const Options kPsOptions;
extern const Options kListOptions;
extern const Options kKillOptions;
extern const Options kDeleteOptions;
extern const Options kSpecOptions;
extern const Options kUpdateOptions;
extern const Options kEventsOptions;
extern const Options kStatusOptions;
extern const Options kLogsOptions;
extern const Options kTopOptions;

// The option spelled `name` (without dashes), or nullptr.
const Option* find_option(Options options, std::string_view name);

}  // namespace unitc::cli
