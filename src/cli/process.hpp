// SPDX-License-Identifier: Apache-2.0
// What the process owes itself before it does anything: sane descriptors, no
// borrowed privileges, no fatal SIGPIPE, children that can be waited for.
#pragma once

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::cli {

// More than any process may have open (fs.nr_open's largest value).
inline constexpr int kMostDescriptors = 1 << 30;

// First of all: descriptors 0 to 2 exist, so that no file of ours becomes
// somebody's standard output; a set-user-ID call is refused, because nothing
// here distrusts its caller.
Result<> settle();

// How many sockets sd_listen_fds(3) says a socket unit passed to this very
// process.
int passed_sockets();

// Descriptors 3 to 2 + `count` must be there (before we open any of our own,
// which would be passed on in their place); all above are close-on-exec.
Result<> guard_descriptors(int count);

// Our memory must not be readable by what shares a namespace with us.
Result<> hide_memory();

Result<Fd> open_log(const std::string& path);

}  // namespace unitc::cli
