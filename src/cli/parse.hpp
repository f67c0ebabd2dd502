// SPDX-License-Identifier: Apache-2.0
// Words of a command line → Invocation, by the rules of runc's parser
// (urfave/cli): one or two dashes, "--name value" and "--name=value",
// options and arguments in any order, "--" ends options.
#pragma once

#include <span>

#include "base/result.hpp"
#include "cli/command.hpp"
#include "cli/invocation.hpp"

namespace unitc::cli {

// Words without the program's own name. Fills `invocation` as far as it gets,
// so that an error can go to the log that was asked for. nullptr: no command
// was named. The number of arguments is not checked here (check_arguments).
Result<const Command*> parse(std::span<const char* const> words, Invocation& invocation);

Result<> check_arguments(const Command& command, const Invocation& invocation);

}  // namespace unitc::cli
