// SPDX-License-Identifier: Apache-2.0
// argv to daemon::main, nothing else.
#include "daemon/main.hpp"

int main(int argc, char** argv) {
    return unitc::daemon::main(argc, argv);
}
