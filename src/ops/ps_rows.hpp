// SPDX-License-Identifier: Apache-2.0
// What `unitc ps` prints. Pure.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace unitc::ops {

// "[1,2]\n"; as runc prints it, "null\n" where there is none.
std::string pids_json(const std::vector<pid_t>& pids);

// Of ps(1)'s table the title and the rows whose value in the column titled PID
// is among `pids`. Columns are told apart by blanks, so one with blanks of its
// own must come behind PID; a row without a number there is an error.
Result<std::string> rows_of(std::string_view table, const std::vector<pid_t>& pids);

}  // namespace unitc::ops
