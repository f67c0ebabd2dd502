// SPDX-License-Identifier: Apache-2.0
#include "oci/parse.hpp"

#include "base/text.hpp"
#include "oci/parse_reader.hpp"

namespace unitc::oci {
namespace {

constexpr size_t kMaxHostname = 64;  // the kernel's __NEW_UTS_LEN

bool is_identifiers(std::string_view text) {
    if (text.empty())
        return false;
    for (const std::string_view part : text::split(text, '.'))
        if (part.empty() ||
            part.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz"
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != std::string_view::npos)
            return false;
    return true;
}

// SemVer 2.0.0 of major version 1: "1.3.0", "1.0.2-dev", "1.2.0-rc.1+dev".
bool is_version_1(std::string_view text) {
    const size_t plus = text.find('+');
    if (plus != std::string_view::npos && !is_identifiers(text.substr(plus + 1)))
        return false;
    text = text.substr(0, plus);
    const size_t dash = text.find('-');
    if (dash != std::string_view::npos && !is_identifiers(text.substr(dash + 1)))
        return false;
    const auto parts = text::split(text.substr(0, dash), '.');
    return parts.size() == 3 && parts[0] == "1" && text::parse_int<uint32_t>(parts[1]) &&
           text::parse_int<uint32_t>(parts[2]);
}

Result<> version(const JsonValue& value, std::string& out) {
    TRY(read(value, out));
    if (!is_version_1(out))
        return must_be(value, "a version 1 of the runtime specification, such as '1.3.0'");
    return {};
}

Result<> hostname(const JsonValue& value, std::string& out) {
    out = TRY(expect_string(value, kMaxHostname));
    return {};
}

Result<> annotations(const JsonValue& value, StringMap& out) {
    TRY(expect_object(value));
    out.reserve(value.node().count);
    for (const JsonValue member : value.children()) {
        const std::string_view text = TRY(expect_string(member, kMaxText));
        if (member.key().empty())
            return complain(value, "has an empty key");
        out.emplace_back(member.key(), text);
    }
    return {};
}

Result<> root(const JsonValue& value, Root& out) {
    static constexpr Field<Root> kFields[] = {
        {"path", into<&Root::path, filled_path>, Presence::Required},
        {"readonly", into<&Root::readonly>},
    };
    return read_fields(value, kFields, out);
}

}  // namespace

Result<Config> parse(std::string_view json) {
    static constexpr Field<Config> kFields[] = {
        {"ociVersion", into<&Config::oci_version, version>, Presence::Required},
        {"process", into<&Config::process>},
        {"root", into<&Config::root, root>},
        {"hostname", into<&Config::hostname, hostname>},
        {"domainname", into<&Config::domainname, hostname>},
        {"mounts", into<&Config::mounts>},
        {"hooks", into<&Config::hooks>},
        {"annotations", into<&Config::annotations, annotations>},
        {"linux", into<&Config::linux_>},
    };
    const JsonDocument document = TRY(JsonDocument::parse(json));
    Config config;
    TRY(read_fields(document.root(), kFields, config));
    return config;
}

Result<Resources> parse_resources(std::string_view json) {
    const JsonDocument document = TRY(JsonDocument::parse(json));
    Resources resources;
    TRY(read(document.root(), resources));
    return resources;
}

Result<Process> parse_process(std::string_view json) {
    const JsonDocument document = TRY(JsonDocument::parse(json));
    Process process;
    TRY(read(document.root(), process));
    return process;
}

}  // namespace unitc::oci
