// SPDX-License-Identifier: Apache-2.0
// The service manager of a user ("systemd --user"), as far as the cgroup tree
// tells of it: where it is, and what the machine's manager has handed to it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "host/facts.hpp"

namespace unitc::host {

// The group of a user's manager that a cgroup2 path lies in:
// "/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope" up to the
// service.
std::optional<std::string> manager_group_of(std::string_view cgroup);

// Where systemd has the manager of that user unless told otherwise.
std::string usual_manager_group(uid_t uid);

// Ours: the one we live below, or else the usual one. It need not be there.
Result<std::string> own_manager_group();

// What `read` reads of it: its group, and the controllers it was given in
// place of all the machine has.
void read_user_manager(Facts& facts);

}  // namespace unitc::host
