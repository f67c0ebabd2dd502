// SPDX-License-Identifier: Apache-2.0
// The image's stop signal → KillSignal=: what `systemctl stop` sends first.
#include <csignal>

#include "base/signal.hpp"
#include "base/text.hpp"
#include "unit/builder.hpp"

namespace unitc::unit {
namespace {

// runtime-spec, config.md, "Annotations": from the image's configuration, a
// name or a number.
constexpr std::string_view kStopSignal = "org.opencontainers.image.stopSignal";

}  // namespace

void add_stop_signal(const oci::StringMap& annotations, Builder& builder) {
    for (const auto& [key, text] : annotations) {
        if (key != kStopSignal || text.empty() || builder.find("KillSignal") != nullptr)
            continue;
        const auto signal = parse_signal(text);
        // No error: whoever built the image wrote it, and it would run elsewhere.
        if (!signal || *signal < 1)
            builder.warn("annotations." + std::string{kStopSignal} + ": '" +
                         text::printable(text.substr(0, 64)) +
                         "' is no signal, the unit is stopped with SIGTERM");
        else if (*signal != SIGTERM)  // systemd's own
            builder.set("KillSignal", static_cast<int32_t>(*signal));
    }
}

}  // namespace unitc::unit
