// SPDX-License-Identifier: Apache-2.0
// Pseudo terminals without a path: the peer is opened by TIOCGPTPEER, so that
// nothing an image put at /dev/pts/0 is ever looked at (CVE-2025-52565).
#pragma once

#include <sys/ioctl.h>

#include <cstdint>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::sys {

struct Pty {
    Fd master;
    Fd peer;
};

// `devpts` is the root of a devpts mount, verified here to be one. The peer's
// output is left unprocessed (no ONLCR), as runc does and callers expect.
Result<Pty> open_pty(const Fd& devpts);

Result<> set_window(const Fd& terminal, uint16_t rows, uint16_t columns);
// Takes over the size of `from` (the user's terminal).
Result<> copy_window(int from, const Fd& to);

}  // namespace unitc::sys
