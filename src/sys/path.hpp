// SPDX-License-Identifier: Apache-2.0
// Paths of an image, resolved once and to a descriptor. The image is hostile
// and may be changed by a neighbour while we look: nothing here follows a
// symlink out of the root, and nothing returns a string.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::sys {

// RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS of linux/openat2.h.
inline constexpr uint64_t kBelowNoLinks = 0x08 | 0x04;

// openat2 with `resolve` (RESOLVE_*); the kernel's EAGAIN (a rename raced the
// walk) is retried a bounded number of times.
Result<Fd> open_below(const Fd& dir, const std::string& path, int flags, uint64_t resolve,
                      mode_t mode = 0);

// `path` inside `root` as if root were "/": symlinks resolve inside, magic
// links never.
Result<Fd> open_in_root(const Fd& root, const std::string& path, int flags);

// The directory `path` inside `root`, with every missing component made
// (mode, uid 0) one by one. Symlinks resolve inside the root; what a dangling
// one names is made.
Result<Fd> make_directory_in_root(const Fd& root, const std::string& path, mode_t mode);

// The same for a place to mount a file on: an empty regular file is made if
// there is nothing.
Result<Fd> make_file_in_root(const Fd& root, const std::string& path, mode_t mode);

}  // namespace unitc::sys
