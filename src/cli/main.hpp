// SPDX-License-Identifier: Apache-2.0
// The command line: argv → a verb of ops → exit status.
#pragma once

namespace unitc::cli {

// Never throws; returns the process's exit status.
int main(int argc, char** argv) noexcept;

}  // namespace unitc::cli
