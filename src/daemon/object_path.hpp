// SPDX-License-Identifier: Apache-2.0
// Ids of containers as labels of object paths, escaped as sd_bus_path_encode(3)
// does, so that other programs find an object from an id.
#pragma once

#include <string>
#include <string_view>

#include "base/container_id.hpp"

namespace unitc::daemon {

inline constexpr const char* kManagerPath = "/org/unitc1";

// "web-1" → "/org/unitc1/container/web_2d1".
std::string container_path(const ContainerId& id);

// Any text as a label.
std::string encode_label(std::string_view text);

}  // namespace unitc::daemon
