// SPDX-License-Identifier: Apache-2.0
#include "ops/registration.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "base/log.hpp"
#include "base/text.hpp"
#include "unit/machine.hpp"

namespace unitc::ops {
namespace {

// machined answers within milliseconds, and when the bus has to start it,
// within a fraction of a second. No container waits longer for it.
constexpr int64_t kPatienceUs = 3'000'000;

Result<Registration> parse(std::string_view word) {
    if (word == "yes")
        return Registration::Yes;
    if (word == "auto")
        return Registration::Auto;
    if (word == "no")
        return Registration::No;
    return fail("must be yes, no or auto");
}

void complain(Registration registration, const Error& error) {
    const std::string text = "not registered with systemd-machined: " + error.message;
    if (registration == Registration::Yes)
        log::warning(text);
    else
        log::debug(text);
}

}  // namespace

Result<Registration> decide_registration(const std::string& option, const oci::Config& config) {
    if (!option.empty())
        return TRY_IN("--register", parse(option));
    const auto& notes = config.annotations;
    const auto note = std::find_if(notes.begin(), notes.end(), [](const auto& entry) {
        return entry.first == kRegisterAnnotation;
    });
    if (note != notes.end())
        return TRY_IN(std::string{"config.json: annotations[\""} + kRegisterAnnotation + "\"]",
                      parse(note->second));
    const char* given = std::getenv(kRegisterVariable);
    if (given == nullptr || *given == '\0')
        return Registration::No;
    return TRY_IN(kRegisterVariable, parse(given));
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
