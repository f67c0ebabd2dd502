// SPDX-License-Identifier: Apache-2.0
// unitc features.
#include "oci/features.hpp"

#include <seccomp.h>

#include "host/facts.hpp"
#include "ops/ops.hpp"

namespace unitc::ops {
namespace {

// The header's numbers are the library's: it is linked statically.
std::string libseccomp_version() {
    return std::to_string(SCMP_VER_MAJOR) + "." + std::to_string(SCMP_VER_MINOR) + "." +
           std::to_string(SCMP_VER_MICRO);
}

}  // namespace

std::string versions() {
    // systemd is not named: its library is only loaded by what talks to it.
    return std::string{"spec: "} + oci::kOciVersionMax + "\nlibseccomp: " + libseccomp_version() +
           "\n";
}

Result<std::string> features() {
    const int last_capability = TRY(host::last_capability());
    return oci::features_document(last_capability,
                                  {{"io.github.seccomp.libseccomp.version", libseccomp_version()}});
}

}  // namespace unitc::ops
