// SPDX-License-Identifier: Apache-2.0
// What travels in our messages, in types of our own: only the seam knows the
// D-Bus library's.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace unitc::daemon {

struct ObjectPath {  // o
    std::string text;
    bool operator==(const ObjectPath&) const = default;
};

using StringMap = std::vector<std::pair<std::string, std::string>>;  // a{ss}

struct ListRow {  // (ssuso)
    std::string id;
    std::string status;
    uint32_t pid = 0;
    std::string unit;
    ObjectPath path;
    bool operator==(const ListRow&) const = default;
};
using ListRows = std::vector<ListRow>;

// a{sv} of a caller's; a value that is no `t` has its type instead.
struct Setting {
    std::string name;
    std::string type;
    uint64_t value = 0;
    bool operator==(const Setting&) const = default;
};
using Settings = std::vector<Setting>;

using Value = std::variant<int32_t, uint32_t, uint64_t, std::string, ObjectPath, StringMap,
                           ListRows, Settings>;
using Values = std::vector<Value>;

}  // namespace unitc::daemon
