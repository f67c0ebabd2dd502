// SPDX-License-Identifier: Apache-2.0
// The texts of --help and --version, made from the tables.
#pragma once

#include <string>

#include "cli/command.hpp"

namespace unitc::cli {

std::string program_help();
std::string command_help(const Command& command);

// Costs no library and no file: start-up is measured with it.
std::string version();

}  // namespace unitc::cli
