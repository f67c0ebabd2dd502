// SPDX-License-Identifier: Apache-2.0
// What `state` and `list` show of a container, in runc's formats.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "state/record.hpp"
#include "state/status.hpp"

namespace unitc::ops {

struct View {
    std::string oci_version;
    std::string id;
    pid_t pid = 0;  // 0 when stopped, as runc prints it
    std::string status;
    std::string bundle;
    std::string rootfs;
    std::string created;
    std::vector<std::pair<std::string, std::string>> annotations;  // sorted by key
    std::string owner;
};

View make_view(const state::Record& record, state::Status status);

// The document of `state`: indented, without a line end, as runc prints it.
std::string to_json(const View& view);
// One line; runc prints null for no container at all.
std::string to_json(const std::vector<View>& views);
// ID PID STATUS BUNDLE CREATED OWNER.
std::string to_table(const std::vector<View>& views);

}  // namespace unitc::ops
