// SPDX-License-Identifier: Apache-2.0
#include "state/record.hpp"

#include <cerrno>
#include <cstdio>
#include <limits>
#include <optional>

#include <nlohmann/json.hpp>

#include "base/container_id.hpp"
#include "base/text.hpp"

namespace unitc::state {
namespace {

using nlohmann::json;

// Raised when an older unitc could misread what a newer one wrote. A field
// that an older one may overlook does not raise it.
constexpr int kVersion = 1;

constexpr const char* kPhases[] = {"intent", "created", "deleting"};

Failure damaged(std::string message) {
    return Failure{Error{EBADMSG, std::move(message)}};
}

// FNV-1a: against truncation and bad memory, not against an adversary, who
// would need to be root here. Every single wrong byte changes it.
std::string checksum(std::string_view bytes) {
    uint64_t hash = 0xcbf29ce484222325;
    for (const char c : bytes)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
    return text;
}

// Paths are bytes, JSON strings are not: what is no UTF-8 is kept as {"hex": …}.
json from_bytes(const std::string& bytes) {
    if (text::is_utf8(bytes))
        return bytes;
    std::string hex;
    for (const char c : bytes) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(c));
        hex += digits;
    }
    return json{{"hex", hex}};
}

std::optional<std::string> from_hex(std::string_view hex) {
    std::string bytes;
    if (hex.size() % 2 != 0)
        return std::nullopt;
    for (; !hex.empty(); hex.remove_prefix(2)) {
        const auto byte = text::parse_int<uint8_t>(hex.substr(0, 2), 16);
        if (!byte)
            return std::nullopt;
        bytes += static_cast<char>(*byte);
    }
    return bytes;
}

std::optional<std::string> to_bytes(const json& value) {
    if (const auto* plain = value.get_ptr<const std::string*>())
        return *plain;
    if (!value.is_object() || value.size() != 1 || !value.contains("hex"))
        return std::nullopt;
    const auto* hex = value["hex"].get_ptr<const std::string*>();
    return hex == nullptr ? std::nullopt : from_hex(*hex);
}

json from_list(const std::vector<std::string>& list) {
    json array = json::array();
    for (const std::string& entry : list)
        array.push_back(from_bytes(entry));
    return array;
}

std::optional<std::vector<std::string>> to_list(const json& value) {
    if (!value.is_array())
        return std::nullopt;
    std::vector<std::string> list;
    for (const json& entry : value) {
        auto bytes = to_bytes(entry);
        if (!bytes)
            return std::nullopt;
        list.push_back(*std::move(bytes));
    }
    return list;
}

// Only what is set: an absent `env` is not an empty one.
json from_hooks(const std::vector<oci::Hook>& hooks) {
    json array = json::array();
    for (const oci::Hook& hook : hooks) {
        json entry{{"path", from_bytes(hook.path)}, {"args", from_list(hook.args)}};
        if (hook.env)
            entry["env"] = from_list(*hook.env);
        if (hook.timeout)
            entry["timeout"] = static_cast<uint64_t>(*hook.timeout);
        array.push_back(std::move(entry));
    }
    return array;
}

// With the rules of oci::parse, whose words these were.
std::optional<oci::Hook> to_hook(const json& value) {
    if (!value.is_object() || !value.contains("path") || !value.contains("args"))
        return std::nullopt;
    auto path = to_bytes(value["path"]);
    auto args = to_list(value["args"]);
    if (!path || !path->starts_with('/') || !args)
        return std::nullopt;
    oci::Hook hook{*std::move(path), *std::move(args), std::nullopt, std::nullopt};
    if (value.contains("env")) {
        hook.env = to_list(value["env"]);
        if (!hook.env)
            return std::nullopt;
    }
    if (value.contains("timeout")) {
        const auto* seconds = value["timeout"].get_ptr<const json::number_unsigned_t*>();
        if (seconds == nullptr || *seconds == 0 || *seconds > INT32_MAX)
            return std::nullopt;
        hook.timeout = static_cast<int64_t>(*seconds);
    }
    return hook;
}

// Takes fields out of the document; remembers the first that is not as it
// should be, so that the caller reads like the list of fields.
class Reader {
public:
    explicit Reader(const json& document) : document_(document) {}

    const json* field(const char* name) {
        const auto at = document_.find(name);
        if (at != document_.end())
            return &*at;
        wrong(name, "is missing");
        return nullptr;
    }

    void read(const char* name, std::string& out) {
        if (const json* value = field(name)) {
            if (auto bytes = to_bytes(*value))
                out = *std::move(bytes);
            else
                wrong(name, "must be a string");
        }
    }

    // Newer than version 1: containers of an older unitc go on without it.
    template <typename Value>
    void read_optional(const char* name, Value& out) {
        if (document_.contains(name))
            read(name, out);
    }

    void read(const char* name, bool& out) {
        if (const json* value = field(name)) {
            if (const auto* flag = value->get_ptr<const bool*>())
                out = *flag;
            else
                wrong(name, "must be true or false");
        }
    }

    template <typename Integer>
    void read_integer(const char* name, Integer& out) {
        if (const json* value = field(name)) {
            const auto* number = value->get_ptr<const json::number_unsigned_t*>();
            if (number != nullptr &&
                *number <= static_cast<uint64_t>(std::numeric_limits<Integer>::max()))
                out = static_cast<Integer>(*number);
            else
                wrong(name, "must be a whole number in its range");
        }
    }

    void read(const char* name, Phase& out) {
        std::string text;
        read(name, text);
        for (size_t i = 0; i < std::size(kPhases); ++i) {
            if (text == kPhases[i]) {
                out = static_cast<Phase>(i);
                return;
            }
        }
        wrong(name, "must be intent, created or deleting");
    }

    void read(const char* name, std::vector<std::pair<std::string, std::string>>& out) {
        const json* value = field(name);
        if (value == nullptr)
            return;
        if (!value->is_array())
            return wrong(name, "must be an array");
        for (const json& pair : *value) {
            if (!pair.is_array() || pair.size() != 2)
                return wrong(name, "must hold pairs");
            auto key = to_bytes(pair[0]);
            auto text = to_bytes(pair[1]);
            if (!key || !text)
                return wrong(name, "must hold pairs of strings");
            out.emplace_back(*std::move(key), *std::move(text));
        }
    }

    // A record without hooks has no such field.
    void read(const char* name, std::vector<oci::Hook>& out) {
        if (!document_.contains(name))
            return;
        const json& list = document_[name];
        if (!list.is_array())
            return wrong(name, "must be an array");
        for (const json& entry : list) {
            auto hook = to_hook(entry);
            if (!hook)
                return wrong(name, "must hold hooks");
            out.push_back(*std::move(hook));
        }
    }

    void wrong(const char* name, const char* why) {
        if (problem_.empty())
            problem_ = std::string{"'"} + name + "' " + why;
    }
    const std::string& problem() const { return problem_; }

private:
    const json& document_;
    std::string problem_;
};

// The document the header vouches for, or what is wrong with the file.
Result<std::string_view> verified(std::string_view text) {
    if (text.empty())
        return damaged("is empty");
    const size_t line = text.find('\n');
    if (line == std::string_view::npos)
        return damaged("is truncated in its header");
    const json header = json::parse(text.substr(0, line), nullptr, false);
    if (!header.is_object() || !header.contains("version") ||
        !header["version"].is_number_unsigned())
        return damaged("has no header");
    if (const auto version = header["version"].get<uint64_t>(); version != kVersion)
        return damaged("has version " + std::to_string(version) + ", this unitc reads version " +
                       std::to_string(kVersion));
    if (!header.contains("size") || !header["size"].is_number_unsigned() ||
        !header.contains("checksum") || !header["checksum"].is_string())
        return damaged("has an incomplete header");
    const std::string_view document = text.substr(line + 1);
    if (const auto size = header["size"].get<uint64_t>(); document.size() != size)
        return damaged((document.size() < size ? "is truncated: " : "is too long: ") +
                       std::to_string(document.size()) + " bytes of " + std::to_string(size));
    if (header["checksum"] != checksum(document))
        return damaged("has a wrong checksum");
    return document;
}

// What the checksum cannot know: that the values make sense together.
void check(const Record& record, Reader& reader) {
    if (!ContainerId::parse(record.id))
        reader.wrong("id", "is no container id");
    if (record.unit.empty())
        reader.wrong("unit", "is empty");
    if (!record.cgroup.empty() &&
        (record.cgroup[0] != '/' || text::clean_path(record.cgroup) != record.cgroup))
        reader.wrong("cgroup", "is no clean absolute path");
    if (record.phase == Phase::Created && (record.init.pid == 0 || record.cgroup.empty()))
        reader.wrong("phase", "is created, but there is no process or no cgroup");
}

}  // namespace

std::string serialize(const Record& record) {
    json annotations = json::array();
    for (const auto& [key, value] : record.annotations)
        annotations.push_back(json::array({from_bytes(key), from_bytes(value)}));
    json document{
        {"phase", kPhases[static_cast<size_t>(record.phase)]},
        {"id", from_bytes(record.id)},
        {"ociVersion", from_bytes(record.oci_version)},
        {"bundle", from_bytes(record.bundle)},
        {"rootfs", from_bytes(record.rootfs)},
        {"created", from_bytes(record.created)},
        {"annotations", std::move(annotations)},
        {"ownerUid", record.owner_uid},
        {"bootId", from_bytes(record.boot_id)},
        {"unit", from_bytes(record.unit)},
        {"cgroup", from_bytes(record.cgroup)},
        {"invocationId", from_bytes(record.invocation_id)},
        {"pid", static_cast<uint32_t>(record.init.pid)},
        {"startTime", record.init.start_time},
        {"pidfdInode", record.init.pidfd_inode},
        {"privatePidNamespace", record.private_pid_namespace},
        {"keyring", from_bytes(record.keyring)},
    };
    if (!record.service.empty())
        document["service"] = from_bytes(record.service);
    if (!record.part_of.empty())
        document["partOf"] = from_bytes(record.part_of);
    if (!record.service_invocation.empty())
        document["serviceInvocation"] = from_bytes(record.service_invocation);
    if (!record.rdt_group.empty())
        document["rdtGroup"] = from_bytes(record.rdt_group);
    if (!record.rdt_made.empty())
        document["rdtMade"] = from_bytes(record.rdt_made);
    if (!record.notify_socket.empty())
        document["notifySocket"] = from_bytes(record.notify_socket);
    if (record.ready_started)
        document["readyStarted"] = true;
    if (!record.home.empty())
        document["home"] = from_bytes(record.home);
    if (!record.poststart.empty())
        document["poststart"] = from_hooks(record.poststart);
    if (!record.poststop.empty())
        document["poststop"] = from_hooks(record.poststop);
    const std::string body = document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    const json header{{"version", static_cast<unsigned>(kVersion)},
                      {"size", body.size()},
                      {"checksum", checksum(body)}};
    return header.dump() + "\n" + body;
}

Result<Record> deserialize(std::string_view text) {
    const std::string_view body = TRY(verified(text));
    const json document = json::parse(body, nullptr, false);
    if (!document.is_object())
        return damaged("is no JSON object");
    Record record;
    Reader reader{document};
    reader.read("phase", record.phase);
    reader.read("id", record.id);
    reader.read("ociVersion", record.oci_version);
    reader.read("bundle", record.bundle);
    reader.read("rootfs", record.rootfs);
    reader.read("created", record.created);
    reader.read("annotations", record.annotations);
    reader.read_integer("ownerUid", record.owner_uid);
    reader.read("bootId", record.boot_id);
    reader.read("unit", record.unit);
    reader.read("cgroup", record.cgroup);
    reader.read("invocationId", record.invocation_id);
    reader.read_integer("pid", record.init.pid);
    reader.read_integer("startTime", record.init.start_time);
    reader.read_integer("pidfdInode", record.init.pidfd_inode);
    reader.read("privatePidNamespace", record.private_pid_namespace);
    reader.read("poststart", record.poststart);
    reader.read("poststop", record.poststop);
    reader.read_optional("keyring", record.keyring);
    reader.read_optional("service", record.service);
    reader.read_optional("partOf", record.part_of);
    reader.read_optional("serviceInvocation", record.service_invocation);
    reader.read_optional("rdtGroup", record.rdt_group);
    reader.read_optional("rdtMade", record.rdt_made);
    reader.read_optional("notifySocket", record.notify_socket);
    reader.read_optional("readyStarted", record.ready_started);
    reader.read_optional("home", record.home);
    if (reader.problem().empty())
        check(record, reader);
    if (!reader.problem().empty())
        return damaged(reader.problem());
    return record;
}

}  // namespace unitc::state
