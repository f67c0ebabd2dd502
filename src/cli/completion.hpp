// SPDX-License-Identifier: Apache-2.0
// Scripts that complete unitc's command line in a shell, made from the tables
// of commands and options.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace unitc::cli {

// "bash", "zsh" or "fish".
Result<std::string> completion(std::string_view shell);

}  // namespace unitc::cli
