// SPDX-License-Identifier: Apache-2.0
// What the process owes itself before it does anything: sane descriptors, no
// borrowed privileges, no fatal SIGPIPE.
#pragma once

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::cli {

// First of all: descriptors 0 to 2 exist, so that no file of ours becomes
// somebody's standard output; a set-user-ID call is refused, because nothing
// here distrusts its caller.
Result<> settle();

// Descriptors 3 to 2 + `preserve` must be there (before we open any of our
// own, which would be passed on in their place); all above are close-on-exec.
Result<> guard_descriptors(int preserve);

// Our memory must not be readable by what shares a namespace with us.
Result<> hide_memory();

Result<Fd> open_log(const std::string& path);

}  // namespace unitc::cli
