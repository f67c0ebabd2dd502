// SPDX-License-Identifier: Apache-2.0
// argv to cli::main, nothing else.
#include "cli/main.hpp"

int main(int argc, char** argv) {
    return unitc::cli::main(argc, argv);
}
