// SPDX-License-Identifier: Apache-2.0
// Who we are to this machine. Told by the kernel and by what only the machine's
// root can make, never by the environment.
#pragma once

#include <sys/types.h>

#include "base/result.hpp"

namespace unitc::sys {

// Are we root to the system's manager? Not as an ordinary user, and not as the
// root of a user namespace that such a user has made (podman's), to whom the
// manager's files belong to nobody.
bool owns_machine();

// Can device nodes be made and everything be mounted? Not by the root of any
// other user namespace. Told by its inode: the map of another one may be the
// same (PrivateUsers=identity of systemd 257).
bool in_initial_user_namespace();

// Our uid as the user namespace around ours has it: what the manager of the
// user, outside, is called by.
Result<uid_t> outside_uid();

// Has our user namespace given up setgroups(2), for good and for all below it?
bool is_setgroups_denied();

}  // namespace unitc::sys
