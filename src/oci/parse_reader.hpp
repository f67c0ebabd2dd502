// SPDX-License-Identifier: Apache-2.0
// Typed reading of a JsonValue. Each OCI object is a constexpr table of Field
// rows; what a field may hold is the type of the member it goes into, or the
// reader named in its row. Every failure names the path and what is allowed.
#pragma once

#include <climits>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "oci/config.hpp"
#include "oci/parse.hpp"
#include "oci/parse_json.hpp"

namespace unitc::oci {

// "PATH: is DESCRIPTION, must be ALLOWED".
Failure must_be(const JsonValue& value, std::string_view allowed);
// "PATH: COMPLAINT".
Failure complain(const JsonValue& value, std::string_view complaint);
// "PATH.KEY: is missing" for a member that is not there.
Failure missing(const JsonValue& object, std::string_view key);

Result<> expect_object(const JsonValue& value);
Result<> expect_array(const JsonValue& value);
Result<std::string_view> expect_string(const JsonValue& value, size_t longest);
Result<int64_t> expect_signed(const JsonValue& value, int64_t least, int64_t most);
Result<uint64_t> expect_unsigned(const JsonValue& value, uint64_t least, uint64_t most);

// Readers by the type of what they fill.
Result<> read(const JsonValue& value, bool& out);
Result<> read(const JsonValue& value, std::string& out);
Result<> read(const JsonValue& value, StringMap& out);

template <typename T>
requires std::is_integral_v<T> Result<> read(const JsonValue& value, T& out) {
    using Limits = std::numeric_limits<T>;
    if constexpr (std::is_signed_v<T>)
        out = static_cast<T>(TRY(expect_signed(value, Limits::min(), Limits::max())));
    else
        out = static_cast<T>(TRY(expect_unsigned(value, Limits::min(), Limits::max())));
    return {};
}

// Readers to name in a row.
Result<> id(const JsonValue& value, uint32_t& out);              // uid or gid; 2^32-1 is reserved
Result<> path(const JsonValue& value, std::string& out);         // below PATH_MAX
Result<> filled_path(const JsonValue& value, std::string& out);  // not empty
Result<> absolute_path(const JsonValue& value, std::string& out);
Result<> optional_absolute_path(const JsonValue& value, std::string& out);  // or empty
Result<> argument(const JsonValue& value, std::string& out);                // of execve(2)
Result<> environment_variable(const JsonValue& value, std::string& out);    // NAME=VALUE
Result<> cpu_list(const JsonValue& value, std::string& out);                // "", or "0-3,7"

template <typename T, T Least, T Most>
Result<> ranged(const JsonValue& value, T& out) {
    if constexpr (std::is_signed_v<T>)
        out = static_cast<T>(TRY(expect_signed(value, Least, Most)));
    else
        out = static_cast<T>(TRY(expect_unsigned(value, Least, Most)));
    return {};
}

// A word and what it stands for. Words that stand for themselves need no value.
template <typename T>
struct Named {
    std::string_view name;
    T value;
};

// "must be one of 'a', 'b'".
Failure must_be_one_of(const JsonValue& value, const std::vector<std::string_view>& names);

template <const auto& Names, typename T>
Result<> word(const JsonValue& value, T& out) {
    const std::string_view text = TRY(expect_string(value, kMaxText));
    std::vector<std::string_view> names;
    for (const auto& row : Names)
        if (row.name == text) {
            out = row.value;
            return {};
        }
    for (const auto& row : Names)
        names.push_back(row.name);
    return must_be_one_of(value, names);
}

// The word itself, of a table for those who come later.
template <const auto& Names>
Result<> named(const JsonValue& value, std::string& out) {
    auto number = Names[0].value;
    TRY(word<Names>(value, number));
    out = TRY(expect_string(value, kMaxText));
    return {};
}

template <const auto& Names>
Result<> listed(const JsonValue& value, std::string& out) {
    out = TRY(expect_string(value, kMaxText));
    for (const std::string_view name : Names)
        if (name == out)
            return {};
    return must_be_one_of(value, {std::begin(Names), std::end(Names)});
}

template <auto Reader, typename T>
Result<> each(const JsonValue& value, std::vector<T>& out) {
    TRY(expect_array(value));
    out.clear();
    out.reserve(value.node().count);
    for (const JsonValue entry : value.children())
        TRY(Reader(entry, out.emplace_back()));
    return {};
}

template <typename T>
Result<> read(const JsonValue& value, std::vector<T>& out) {
    TRY(expect_array(value));
    out.clear();
    out.reserve(value.node().count);
    for (const JsonValue entry : value.children())
        TRY(read(entry, out.emplace_back()));
    return {};
}

template <typename T>
Result<> read(const JsonValue& value, std::optional<T>& out) {
    return read(value, out.emplace());
}

// A row: the key, how its value is read, and whether the spec requires it.
enum class Presence : uint8_t { Optional, Required };

template <typename T>
struct Field {
    std::string_view key;
    Result<> (*read)(const JsonValue& value, T& out);
    Presence presence = Presence::Optional;
};

namespace detail {
// N if there is none.
template <typename T, size_t N>
size_t find_row(const Field<T> (&fields)[N], std::string_view key) {
    for (size_t i = 0; i < N; ++i)
        if (fields[i].key == key)
            return i;
    for (size_t i = 0; i < N; ++i)
        if (is_same_word(fields[i].key, key))
            return i;
    return N;
}
}  // namespace detail

// null counts as absent.
template <typename T, size_t N>
Result<> read_fields(const JsonValue& value, const Field<T> (&fields)[N], T& out) {
    static_assert(N <= 32);
    TRY(expect_object(value));
    uint32_t seen = 0;
    for (const JsonValue member : value.children()) {
        if (member.kind() == JsonKind::Null)
            continue;
        const size_t i = detail::find_row(fields, member.key());
        if (i == N)
            continue;
        if ((seen >> i & 1) != 0)
            return complain(member, "is given twice, in two ways of writing");
        seen |= uint32_t{1} << i;
        TRY(fields[i].read(member, out));
    }
    for (size_t i = 0; i < N; ++i)
        if (fields[i].presence == Presence::Required && (seen >> i & 1) == 0)
            return missing(value, fields[i].key);
    return {};
}

namespace detail {
template <typename T>
struct MemberOf;
template <typename Owner, typename Slot>
struct MemberOf<Slot Owner::*> {
    using OwnerType = Owner;
};
template <auto Member>
using OwnerOf = typename MemberOf<decltype(Member)>::OwnerType;

template <typename T>
T& fresh(T& slot) {
    return slot;
}
template <typename T>
T& fresh(std::optional<T>& slot) {
    return slot.emplace();
}
}  // namespace detail

// Rows' functions: into<&Process::terminal>, into<&Process::cwd, absolute_path>.
template <auto Member>
Result<> into(const JsonValue& value, detail::OwnerOf<Member>& out) {
    return read(value, out.*Member);
}
template <auto Member, auto Reader>
Result<> into(const JsonValue& value, detail::OwnerOf<Member>& out) {
    return Reader(value, detail::fresh(out.*Member));
}

// For numbers of which 0 means "not set", as engines write and runc reads them.
template <auto Member, auto Reader>
Result<> unless_zero(const JsonValue& value, detail::OwnerOf<Member>& out) {
    auto& slot = out.*Member;
    TRY(Reader(value, slot.emplace()));
    if (*slot == 0)
        slot.reset();
    return {};
}

// The OCI objects, in the files named for them.
Result<> read(const JsonValue& value, Process& out);
Result<> read(const JsonValue& value, Mount& out);
Result<> read(const JsonValue& value, IdMapping& out);
Result<> read(const JsonValue& value, Hooks& out);
Result<> read(const JsonValue& value, Linux& out);
Result<> read(const JsonValue& value, Resources& out);
Result<> read(const JsonValue& value, Seccomp& out);

}  // namespace unitc::oci
