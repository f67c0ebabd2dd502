// SPDX-License-Identifier: Apache-2.0
// Annotations "org.systemd.property.NAME" → unit properties, from a list:
// who may annotate a pod must not gain the manager's whole interface by it
// (CVE-2024-3154). Values are GVariant text; "…Sec" is seconds and becomes
// "…USec", as in runc.
#include <csignal>

#include "base/text.hpp"
#include "unit/builder.hpp"
#include "unit/gvariant.hpp"
#include "unit/name.hpp"

namespace unitc::unit {
namespace {

constexpr std::string_view kPrefix = "org.systemd.property.";
constexpr size_t kLongestValue = 4096;
constexpr size_t kMostUnits = 64;

enum class Kind { Bool, Text, Choice, Units, Signal, Usec, Limit, Weight, Number32 };

struct Row {
    std::string_view name;
    Kind kind;
    std::string_view choices = {};  // of a Choice, between blanks
    bool of_services = false;       // a scope has no such thing
};

constexpr bool kService = true;

constexpr Row kAllowed[] = {
    {"After", Kind::Units},
    {"Before", Kind::Units},
    {"BindsTo", Kind::Units},
    {"CPUWeight", Kind::Weight},
    {"CollectMode", Kind::Choice, " inactive inactive-or-failed "},
    {"Conflicts", Kind::Units},
    {"Description", Kind::Text},
    {"FileDescriptorStoreMax", Kind::Number32, {}, kService},
    {"FinalKillSignal", Kind::Signal},
    {"IOWeight", Kind::Weight},
    {"KillMode", Kind::Choice, " control-group mixed none process "},
    {"KillSignal", Kind::Signal},
    {"ManagedOOMMemoryPressure", Kind::Choice, " auto kill "},
    {"ManagedOOMMemoryPressureDurationUSec", Kind::Usec},
    {"ManagedOOMMemoryPressureLimit", Kind::Number32},
    {"ManagedOOMPreference", Kind::Choice, " none avoid omit "},
    {"ManagedOOMSwap", Kind::Choice, " auto kill "},
    {"MemoryHigh", Kind::Limit},
    {"MemoryLow", Kind::Limit},
    {"MemoryMax", Kind::Limit},
    {"MemoryMin", Kind::Limit},
    {"MemorySwapMax", Kind::Limit},
    {"NotifyAccess", Kind::Choice, " main exec all ", kService},
    {"OOMPolicy", Kind::Choice, " continue stop kill "},
    {"PartOf", Kind::Units},
    {"RemainAfterExit", Kind::Bool, {}, kService},
    {"Requires", Kind::Units},
    {"Restart", Kind::Choice, " no on-success on-failure on-abnormal on-watchdog on-abort always ",
     kService},
    {"RestartUSec", Kind::Usec, {}, kService},
    {"RuntimeMaxUSec", Kind::Usec},
    {"SendSIGHUP", Kind::Bool},
    {"SendSIGKILL", Kind::Bool},
    {"StartLimitBurst", Kind::Number32, {}, kService},
    {"StartLimitIntervalUSec", Kind::Usec, {}, kService},
    {"TasksMax", Kind::Limit},
    {"TimeoutStartUSec", Kind::Usec, {}, kService},
    {"TimeoutStopUSec", Kind::Usec},
    {"Type", Kind::Choice, " notify notify-reload ", kService},
    {"Wants", Kind::Units},
    {"WatchdogSignal", Kind::Signal, {}, kService},
    {"WatchdogUSec", Kind::Usec, {}, kService},
};

// Properties that a lifecycle default may be replaced in; a limit that
// linux.resources gives is not.
constexpr bool is_default(std::string_view name) {
    return name == "CollectMode" || name == "Description";
}

Result<uint64_t> unsigned_of(const Variant& variant) {
    const auto* number = std::get_if<VariantNumber>(&variant);
    if (number == nullptr || (number->negative && number->magnitude != 0))
        return fail("must be a whole number of at least 0");
    return number->magnitude;
}

Result<Value> units_of(const Variant& variant) {
    const auto* list = std::get_if<std::vector<std::string>>(&variant);
    if (list == nullptr)
        return fail("must be a list of unit names, such as ['a.service']");
    if (list->size() > kMostUnits)
        return fail("must name at most " + std::to_string(kMostUnits) + " units");
    for (const std::string& name : *list)
        TRY(check_unit_name(name));
    return Value{Strings{*list}};
}

Result<Value> text_of(const Variant& variant, const Row& row) {
    const auto* value = std::get_if<std::string>(&variant);
    if (value == nullptr)
        return fail("must be a string in quotes");
    if (row.kind == Kind::Choice) {
        if (value->empty() || value->find(' ') != std::string::npos ||
            row.choices.find(" " + *value + " ") == std::string_view::npos)
            return fail("is '" + text::printable(value->substr(0, 64)) + "', must be one of" +
                        std::string{row.choices.substr(0, row.choices.size() - 1)});
        return Value{*value};
    }
    constexpr size_t kLongestText = 1024;
    if (value->size() > kLongestText || text::printable(*value) != *value)
        return fail("must be at most 1024 bytes of UTF-8 without control characters");
    return Value{*value};
}

Result<Value> number_of(const Variant& variant, const Row& row, bool seconds) {
    const uint64_t number = TRY(unsigned_of(variant));
    switch (row.kind) {
        case Kind::Signal:
            if (number < 1 || number > static_cast<uint64_t>(SIGRTMAX))
                return fail("must be a signal's number, 1 to " + std::to_string(SIGRTMAX));
            return Value{static_cast<int32_t>(number)};
        case Kind::Number32:
            if (number > std::numeric_limits<uint32_t>::max())
                return fail("must be below 2^32");
            return Value{static_cast<uint32_t>(number)};
        case Kind::Weight:
            if (number < 1 || number > 10'000)
                return fail("must be 1 to 10000");
            return Value{number};
        case Kind::Usec:
            if (!seconds || number == kInfinity)
                return Value{number};
            if (number > kInfinity / 1'000'000)
                return fail("is too many seconds");
            return Value{number * 1'000'000};
        default: return Value{number};
    }
}

Result<Value> value_of(const Row& row, std::string_view text, bool seconds) {
    if (text.size() > kLongestValue)
        return fail("is longer than " + std::to_string(kLongestValue) + " bytes");
    const Variant variant = TRY(parse_variant(text));
    switch (row.kind) {
        case Kind::Units: return units_of(variant);
        case Kind::Text:
        case Kind::Choice: return text_of(variant, row);
        case Kind::Bool:
            if (!std::holds_alternative<bool>(variant))
                return fail("must be true or false");
            return Value{std::get<bool>(variant)};
        default: return number_of(variant, row, seconds);
    }
}

// "TimeoutStopSec" is how systemd.scope(5) and engines write TimeoutStopUSec.
const Row* find_row(std::string_view name, bool* seconds) {
    constexpr std::string_view kSec = "Sec";
    *seconds = name.ends_with(kSec) && !name.ends_with("USec");
    const std::string_view stem = name.substr(0, name.size() - (*seconds ? kSec.size() : 0));
    for (const Row& row : kAllowed) {
        if (!*seconds && row.name == name)
            return &row;
        if (*seconds && row.name.starts_with(stem) && row.name.substr(stem.size()) == "USec")
            return &row;
    }
    return nullptr;
}

}  // namespace

Result<> add_annotations(const oci::StringMap& annotations, Builder& builder) {
    for (const auto& [key, text] : annotations) {
        if (!key.starts_with(kPrefix))
            continue;
        const std::string_view name = std::string_view{key}.substr(kPrefix.size());
        const std::string field = "annotations." + text::printable(key.substr(0, 128));
        bool seconds = false;
        const Row* row = find_row(name, &seconds);
        if (row == nullptr)
            return fail(field + ": is not among the unit properties that annotations may set");
        if (row->of_services && !builder.is_service())
            return fail(field + ": only of a container that is a service (--unit=service)");
        Value value = TRY_IN(field, value_of(*row, text, seconds));
        if (builder.find(row->name) != nullptr && !is_default(row->name))
            builder.warn(field + ": linux.resources sets " + std::string{row->name} +
                         ", the annotation is ignored");
        else
            builder.set(row->name, std::move(value));
    }
    return {};
}

std::vector<std::string> allowed_annotations() {
    std::vector<std::string> names;
    for (const Row& row : kAllowed)
        names.push_back(std::string{kPrefix}.append(row.name));
    return names;
}

}  // namespace unitc::unit
