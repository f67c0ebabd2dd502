// SPDX-License-Identifier: Apache-2.0
#include "ops/inside.hpp"

#include <sys/random.h>

#include <algorithm>

#include "base/text.hpp"
#include "cgroup/cgroup.hpp"
#include "cgroup/device_filter.hpp"
#include "cgroup/inside.hpp"
#include "host/caller.hpp"
#include "ops/choice.hpp"
#include "sys/file.hpp"

namespace unitc::ops {
namespace {

// Controllers may be delegated one by one (Delegate=pids memory).
Result<> check_controllers(const unit::UnitPlan& plan, const Fd& group) {
    const std::string content = TRY(sys::read_file(group.get(), "cgroup.controllers"));
    const auto have = text::split(text::trim(content), ' ');
    for (const auto* files : {&plan.cgroup_files, &plan.expected_files})
        for (const auto& [name, value] : *files) {
            const std::string_view controller = std::string_view{name}.substr(0, name.find('.'));
            if (controller != "cgroup" &&
                std::find(have.begin(), have.end(), controller) == have.end())
                return fail("cgroup file '" + name + "': the controller '" +
                            std::string{controller} + "' is not delegated to '" + plan.service +
                            "'");
        }
    return {};
}

std::optional<uint32_t> number(std::optional<int64_t> given) {
    return given ? std::optional{static_cast<uint32_t>(*given)} : std::nullopt;
}

std::vector<cgroup::DeviceGrant> grants_of(const std::vector<unit::AllowedDevice>& devices) {
    std::vector<cgroup::DeviceGrant> grants;
    grants.reserve(devices.size());
    for (const unit::AllowedDevice& device : devices)
        grants.push_back({device.type, number(device.major), number(device.minor),
                          (device.access & unit::kRead) != 0, (device.access & unit::kWrite) != 0,
                          (device.access & unit::kMknod) != 0});
    return grants;
}

}  // namespace

Result<UnitMode> parse_unit_mode(std::string_view text) {
    if (text == "scope")
        return UnitMode::Scope;
    if (text == "service")
        return UnitMode::Service;
    if (text == "self")
        return UnitMode::Self;
    return fail("must be scope, service or self");
}

Result<UnitMode> unit_mode(const CreateRequest& request, const oci::Config& config,
                           const host::Facts& facts) {
    constexpr Places kPlaces{"--unit", "org.unitc.unit", "UNITC_UNIT"};
    const auto said = TRY(choose(request.unit_mode, config, kPlaces, parse_unit_mode));
    if (!said)
        return UnitMode::Scope;
    // PID 1 lets no user make a service of the system's, or divide one's cgroup.
    if (said->what != UnitMode::Scope && facts.user_manager)
        return fail(said->where +
                    ": must be scope for a user's containers, which are units of the user's own "
                    "service manager");
    // A pod must not get into the service of its engine.
    if (said->what == UnitMode::Self && said->place == Place::Annotation &&
        !host::executed_by_manager())
        return fail(said->where + ": only where a service has executed unitc itself");
    return said->what;
}

Result<> check_inside(const unit::UnitPlan& plan) {
    const Fd parent = TRY(cgroup::open(plan.parent));
    if (!cgroup::is_delegated(parent))
        return fail("--unit=self: the cgroup of '" + plan.service +
                    "' is not delegated to it: it needs 'Delegate=yes'");
    return check_controllers(plan, parent);
}

Result<> set_limits_inside(const unit::UnitPlan& plan, const Fd& group) {
    if (plan.devices)
        TRY_IN("linux.resources.devices",
               cgroup::filter_devices(group, grants_of(plan.devices->allowed())));
    TRY(cgroup::write_files(group, plan.cgroup_files));
    for (const auto& [name, content] : plan.expected_files)
        if (!cgroup::verify_files(group, {{name, content}}))
            TRY(cgroup::write_files(group, {{name, content}}));
    return cgroup::verify_files(group, plan.expected_files);
}

Result<std::string> new_mark() {
    unsigned char bytes[16];
    if (::getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes))
        return fail_sys("getrandom");
    std::string mark;
    for (const unsigned char byte : bytes) {
        constexpr char kDigits[] = "0123456789abcdef";
        mark += kDigits[byte >> 4];
        mark += kDigits[byte & 15];
    }
    return mark;
}

}  // namespace unitc::ops
