// SPDX-License-Identifier: Apache-2.0
#include "ops/registration.hpp"

#include "base/log.hpp"
#include "ops/choice.hpp"
#include "unit/machine.hpp"

namespace unitc::ops {
namespace {

// machined answers within milliseconds, and when the bus has to start it,
// within a fraction of a second. No container waits longer for it.
constexpr int64_t kPatienceUs = 3'000'000;

void complain(Registration registration, const Error& error) {
    const std::string text = "not registered with systemd-machined: " + error.message;
    if (registration == Registration::Yes)
        log::warning(text);
    else
        log::debug(text);
}

}  // namespace

Result<Registration> parse_registration(std::string_view text) {
    if (text == "yes")
        return Registration::Yes;
    if (text == "auto")
        return Registration::Auto;
    if (text == "no")
        return Registration::No;
    return fail("must be yes, no or auto");
}

Result<Registration> decide_registration(const std::optional<Registration>& option,
                                         const oci::Config& config) {
    constexpr Places kPlaces{"--register", "org.unitc.register", "UNITC_REGISTER"};
    const auto said = TRY(choose(option, config, kPlaces, parse_registration));
    return said ? said->what : Registration::No;
}

void begin_registration(systemd::Manager& manager, Registration registration, const ContainerId& id,
                        const std::string& rootfs, pid_t init) {
    if (registration == Registration::No)
        return;
    const systemd::Machine machine{unit::machine_name(id), rootfs, init,
                                   registration == Registration::Yes};
    if (const auto sent = manager.begin_register(machine); !sent)
        complain(registration, sent.error());
}

void finish_registration(systemd::Manager& manager, Registration registration, Deadline deadline) {
    if (registration == Registration::No)
        return;
    const auto done = manager.finish_register(deadline.but_at_most_us(kPatienceUs));
    if (!done)
        complain(registration, done.error());
}

}  // namespace unitc::ops
