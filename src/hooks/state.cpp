// SPDX-License-Identifier: Apache-2.0
#include "hooks/state.hpp"

#include "base/text.hpp"

namespace unitc::hooks {

std::string to_json(const ContainerState& state, std::string_view status, pid_t pid) {
    std::string out = "{\"ociVersion\":" + text::json_string(state.oci_version) +
                      ",\"id\":" + text::json_string(state.id) +
                      ",\"status\":" + text::json_string(status);
    if (pid != 0)
        out += ",\"pid\":" + std::to_string(pid);
    out += ",\"bundle\":" + text::json_string(state.bundle);
    if (!state.annotations.empty()) {
        char before = '{';
        out += ",\"annotations\":";
        for (const auto& [key, value] : state.annotations) {
            out.append(1, before).append(text::json_string(key)).append(":");
            out += text::json_string(value);
            before = ',';
        }
        out += '}';
    }
    return out += '}';
}

}  // namespace unitc::hooks
