// SPDX-License-Identifier: Apache-2.0
// How the program ends: an error becomes one log entry, one line on standard
// error and an exit status.
#pragma once

#include "base/result.hpp"

namespace unitc::cli {

inline constexpr int kExitFailure = 1;  // runc's, for every failure of its own

// Engines read the last entry of the log they asked for; people read standard
// error. Where both are the same only the entry is written.
int report(const Error& error, bool log_is_stderr);

}  // namespace unitc::cli
