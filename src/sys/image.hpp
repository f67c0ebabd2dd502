// SPDX-License-Identifier: Apache-2.0
// What our own process runs from.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::sys {

// Makes `file`, another way to the file that we were executed from (another
// mount of it), the one that all our memory of it, and /proc/self/exe, come
// from. Needs CAP_SYS_RESOURCE or CAP_SYS_ADMIN. After an error the program
// still runs, and some of its memory may come from `file`.
Result<> replace_own_image(const Fd& file);

}  // namespace unitc::sys
