// SPDX-License-Identifier: Apache-2.0
// capabilities(7) by name: the names config.json and the command line use.
#pragma once

#include <optional>
#include <string_view>

namespace unitc::oci {

inline constexpr int kCapabilities = 41;  // CAP_CHOWN (0) to CAP_CHECKPOINT_RESTORE (40)

// The number of "CAP_CHOWN", in exactly this case; nothing for an unknown name.
std::optional<int> capability_number(std::string_view name);

// `number` is 0 to kCapabilities - 1.
std::string_view capability_name(int number);

}  // namespace unitc::oci
