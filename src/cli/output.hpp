// SPDX-License-Identifier: Apache-2.0
// What a command prints: to standard output, whole or not at all.
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace unitc::cli {

// A full disk or a closed pipe is an error, so that no script takes half a
// document for a whole one.
Result<> print(std::string_view text);

// One line on standard error; never blocks on a reader that stopped reading.
void complain(std::string_view line);

}  // namespace unitc::cli
