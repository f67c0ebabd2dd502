// SPDX-License-Identifier: Apache-2.0
// The texts of --help and --version, made from the tables.
#pragma once

#include <string>

#include "cli/command.hpp"

namespace unitc::cli {

// What the user called: `runc` where that is a link to this program. Help and
// usage errors say it; --version says what is really there. Anything that is
// no plain word counts as "unitc".
std::string program_name();
void set_program_name(const char* argv0);

std::string program_help();
std::string command_help(const Command& command);

// Costs no library and no file: start-up is measured with it.
std::string version();

}  // namespace unitc::cli
