// SPDX-License-Identifier: Apache-2.0
// The lines that `unitc --version` adds to its own.
#include <seccomp.h>

#include "ops/ops.hpp"

namespace unitc::ops {

std::string versions() {
    // The header's numbers are the library's: it is linked statically. systemd
    // is not named: its library is only loaded by what talks to it.
    return "spec: 1.3.0\nlibseccomp: " + std::to_string(SCMP_VER_MAJOR) + "." +
           std::to_string(SCMP_VER_MINOR) + "." + std::to_string(SCMP_VER_MICRO) + "\n";
}

}  // namespace unitc::ops
