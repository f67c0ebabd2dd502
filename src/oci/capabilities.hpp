// SPDX-License-Identifier: Apache-2.0
// capabilities(7) by name: the names config.json and the command line use.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace unitc::oci {

inline constexpr int kCapabilities = 41;  // CAP_CHOWN (0) to CAP_CHECKPOINT_RESTORE (40)

// The number of "CAP_CHOWN", in exactly this case; nothing for an unknown name.
std::optional<int> capability_number(std::string_view name);

// Whether a name that is not known could be a newer kernel's: capital letters,
// digits and '_'.
inline constexpr size_t kLongestCapability = 64;
bool looks_like_capability(std::string_view name);

// `number` is 0 to kCapabilities - 1.
std::string_view capability_name(int number);

}  // namespace unitc::oci
