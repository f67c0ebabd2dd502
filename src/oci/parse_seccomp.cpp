// SPDX-License-Identifier: Apache-2.0
// `linux.seccomp` of config.json (config-linux.md "Seccomp").
#include "oci/names.hpp"
#include "oci/parse_reader.hpp"

namespace unitc::oci {
namespace {

constexpr uint32_t kLastArgument = 5;   // a system call has six
constexpr uint32_t kMaxErrno = 4095;    // the kernel's MAX_ERRNO; it would cut off the rest
constexpr uint32_t kMaxTrace = 0xffff;  // SECCOMP_RET_DATA
constexpr size_t kLongestName = 64;

// "When the action doesn't support an errno, the runtime MUST print an error
// and fail."
Result<> check_errno(const JsonValue& object, std::string_view key, SeccompAction action,
                     const std::optional<uint32_t>& number) {
    if (!number)
        return {};
    const JsonValue value = *object.find(key);
    if (action == SeccompAction::Errno)
        return *number <= kMaxErrno ? Result<>{} : must_be(value, "0 to 4095");
    if (action == SeccompAction::Trace)
        return *number <= kMaxTrace ? Result<>{} : must_be(value, "0 to 65535");
    return complain(value, "is only allowed with SCMP_ACT_ERRNO and SCMP_ACT_TRACE");
}

Result<> argument_rule(const JsonValue& value, SeccompArg& out) {
    static constexpr Field<SeccompArg> kFields[] = {
        {"index", into<&SeccompArg::index, ranged<uint32_t, 0, kLastArgument>>, Presence::Required},
        {"value", into<&SeccompArg::value>, Presence::Required},
        {"valueTwo", into<&SeccompArg::value_two>},
        {"op", into<&SeccompArg::op, word<kSeccompOperators, SeccompOperator>>, Presence::Required},
    };
    return read_fields(value, kFields, out);
}

Result<> syscall_name(const JsonValue& value, std::string& out) {
    out = TRY(expect_string(value, kLongestName));
    if (out.empty())
        return complain(value, "is empty, must be the name of a system call");
    return {};
}

Result<> syscall_names(const JsonValue& value, std::vector<std::string>& out) {
    TRY((each<syscall_name, std::string>(value, out)));
    if (out.empty())
        return complain(value, "is empty, must have at least one name");
    return {};
}

Result<> syscalls(const JsonValue& value, SeccompSyscalls& out) {
    static constexpr Field<SeccompSyscalls> kFields[] = {
        {"names", into<&SeccompSyscalls::names, syscall_names>, Presence::Required},
        {"action", into<&SeccompSyscalls::action, word<kSeccompActions, SeccompAction>>,
         Presence::Required},
        {"errnoRet", into<&SeccompSyscalls::errno_ret>},
        {"args", into<&SeccompSyscalls::args, each<argument_rule, SeccompArg>>},
    };
    TRY(read_fields(value, kFields, out));
    return check_errno(value, "errnoRet", out.action, out.errno_ret);
}

}  // namespace

Result<> read(const JsonValue& value, Seccomp& out) {
    static constexpr Field<Seccomp> kFields[] = {
        {"defaultAction", into<&Seccomp::default_action, word<kSeccompActions, SeccompAction>>,
         Presence::Required},
        {"defaultErrnoRet", into<&Seccomp::default_errno_ret>},
        {"architectures",
         into<&Seccomp::architectures, each<listed<kSeccompArchitectures>, std::string>>},
        {"flags", into<&Seccomp::flags, each<listed<kSeccompFlags>, std::string>>},
        {"listenerPath", into<&Seccomp::listener_path, optional_absolute_path>},
        {"listenerMetadata", into<&Seccomp::listener_metadata>},
        {"syscalls", into<&Seccomp::syscalls, each<syscalls, SeccompSyscalls>>},
    };
    TRY(read_fields(value, kFields, out));
    if (!out.listener_metadata.empty() && out.listener_path.empty())
        return complain(*value.find("listenerMetadata"), "needs linux.seccomp.listenerPath");
    return check_errno(value, "defaultErrnoRet", out.default_action, out.default_errno_ret);
}

}  // namespace unitc::oci
