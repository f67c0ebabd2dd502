// SPDX-License-Identifier: Apache-2.0
// `hooks` of config.json (config.md "POSIX-platform Hooks").
#include "oci/parse_reader.hpp"

namespace unitc::oci {
namespace {

Result<> hook(const JsonValue& value, Hook& out) {
    static constexpr Field<Hook> kFields[] = {
        {"path", into<&Hook::path, absolute_path>, Presence::Required},
        {"args", into<&Hook::args, each<argument, std::string>>},
        {"env", into<&Hook::env, each<environment_variable, std::string>>},
        {"timeout", into<&Hook::timeout, ranged<int64_t, 1, INT32_MAX>>},
    };
    return read_fields(value, kFields, out);
}

constexpr auto kHookList = each<hook, Hook>;

}  // namespace

Result<> read(const JsonValue& value, Hooks& out) {
    static constexpr Field<Hooks> kFields[] = {
        {"prestart", into<&Hooks::prestart, kHookList>},
        {"createRuntime", into<&Hooks::create_runtime, kHookList>},
        {"createContainer", into<&Hooks::create_container, kHookList>},
        {"startContainer", into<&Hooks::start_container, kHookList>},
        {"poststart", into<&Hooks::poststart, kHookList>},
        {"poststop", into<&Hooks::poststop, kHookList>},
    };
    return read_fields(value, kFields, out);
}

}  // namespace unitc::oci
