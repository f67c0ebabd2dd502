// SPDX-License-Identifier: Apache-2.0
#include "ops/output.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include "ops/choice.hpp"
#include "sys/file.hpp"
#include "sys/socket.hpp"

namespace unitc::ops {
namespace {

constexpr const char* kStream = "/run/systemd/journal/stdout";

bool is_engines(const std::string& id) {
    constexpr size_t kLength = 64;
    return id.size() == kLength && id.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// What journald is told before the first line, in the order of its
// journald-stream.c: identifier, unit, priority, and whether to look for
// "<3>" before a line; then whether to pass it on to syslog, kmsg, console.
// No prefix: an image's "<0>" would be shown on every terminal of the host.
std::string header(const plan::Plan& plan) {
    constexpr const char* kInfo = "6";
    const std::string& unit = plan.unit.service.empty() ? plan.unit.name : plan.unit.service;
    return plan.id + "\n" + unit + "\n" + kInfo + "\n0\n0\n0\n0\n";
}

Result<Fd> connect(const std::string& header) {
    Fd stream = TRY(sys::connect_unix(kStream, SOCK_STREAM));
    if (::shutdown(stream.get(), SHUT_RD) < 0)
        return fail_sys("shutdown", kStream);
    // As much as systemd lets a service be ahead of journald; a user gets less.
    constexpr int kAhead = 8 << 20;
    for (const int option : {SO_SNDBUFFORCE, SO_SNDBUF})
        if (::setsockopt(stream.get(), SOL_SOCKET, option, &kAhead, sizeof kAhead) == 0)
            break;
    TRY(sys::write_all(stream, header));
    return stream;
}

}  // namespace

Result<Output> parse_output(std::string_view text) {
    if (text == "inherit")
        return Output::Inherit;
    if (text == "journal")
        return Output::Journal;
    return fail("must be inherit or journal");
}

Result<Output> decide_output(const std::optional<Output>& option, const oci::Config& config) {
    constexpr Places kPlaces{"--output", "org.unitc.output", "UNITC_OUTPUT"};
    const auto said = TRY(choose(option, config, kPlaces, parse_output));
    if (!said || said->what == Output::Inherit)
        return Output::Inherit;
    if (!config.process->terminal)
        return Output::Journal;
    // The environment speaks of all containers.
    if (said->place == Place::Environment)
        return Output::Inherit;
    return fail(said->where + ": not with process.terminal, which is the container's output");
}

Result<Fd> open_output(const plan::Plan& plan) {
    if (!plan.init.process.to_journal)
        return Fd{};
    return TRY_IN("output to the journal", connect(header(plan)));
}

unit::Properties journal_properties(const plan::Plan& plan) {
    constexpr size_t kShort = 12;  // as engines show it
    const std::string shown = is_engines(plan.id) ? plan.id.substr(0, kShort) : plan.id;
    return {{"StandardOutput", std::string{"journal"}},
            {"StandardError", std::string{"journal"}},
            {"SyslogIdentifier", plan.id},
            {"SyslogLevelPrefix", false},
            {"LogExtraFields",
             unit::ByteStrings{{"CONTAINER_ID=" + shown, "CONTAINER_ID_FULL=" + plan.id,
                                "CONTAINER_NAME=" + plan.id}}}};
}

}  // namespace unitc::ops
