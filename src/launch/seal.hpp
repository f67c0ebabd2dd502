// SPDX-License-Identifier: Apache-2.0
// Keeps our own executable out of the container's reach (CVE-2019-5736): an
// image can make the kernel run /proc/self/exe, and then open it for writing.
#pragma once

#include "base/result.hpp"

namespace unitc::launch {

// Makes sure that /proc/self/exe, and all that is mapped of it, lies on a
// read-only mount: a detached copy of its own, to which the running process is
// moved or, where that cannot be, in which the program is executed again; then
// this does not return. Whoever opens /proc/self/exe for writing gets EROFS, for
// as long as the process lives or a descriptor of it.
Result<> seal_executable(char** argv);

}  // namespace unitc::launch
