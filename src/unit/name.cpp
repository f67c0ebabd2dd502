// SPDX-License-Identifier: Apache-2.0
#include "unit/name.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.hpp"

namespace unitc::unit {
namespace {

constexpr size_t kLongestName = 255;
constexpr std::string_view kSlice = ".slice";
constexpr std::string_view kScope = ".scope";
constexpr std::array<std::string_view, 11> kSuffixes{".service",   ".scope",  ".slice", ".socket",
                                                     ".target",    ".device", ".mount", ".swap",
                                                     ".automount", ".timer",  ".path"};

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name_char(char c) {
    return is_alphanumeric(c) || std::string_view{":-_.\\@"}.find(c) != std::string_view::npos;
}

// A name in a message: an attacker's megabyte is not repeated in full.
std::string shown(std::string_view name) {
    constexpr size_t kEnough = 128;
    return text::printable(name.substr(0, kEnough))
        .insert(0, "'")
        .append(name.size() > kEnough ? "…'" : "'");
}

std::string hex_escape(char c) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    return {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
}

// Ids may hold '+', which unit names may not.
std::string default_scope(const ContainerId& id) {
    std::string name = "unitc-";
    for (const char c : id.str())
        name += is_name_char(c) ? std::string{c} : hex_escape(c);
    return name.append(kScope);
}

// The scope's own name out of the last component of a path: dashes mean
// nothing in a scope's name and stay readable.
std::string scope_of(std::string_view component) {
    std::string name;
    for (size_t i = 0; i < component.size(); ++i)
        name += component[i] == '-'   ? "-"
                : i == 0              ? escape(component.substr(0, 1))
                : component[i] == '.' ? "."
                                      : escape(component.substr(i, 1));
    return name;
}

// One level further down: what `slice` (empty: the root) becomes with the
// directory `component` below it.
std::string descend(const std::string& slice, std::string_view component) {
    const std::string parent = slice.empty() ? "" : slice.substr(0, slice.size() - kSlice.size());
    if (component.size() > kSlice.size() && component.ends_with(kSlice)) {
        if (parent.empty() || component.starts_with(parent + "-"))
            return std::string{component};
        component.remove_suffix(kSlice.size());
    }
    return (parent.empty() ? "" : parent + "-") + escape(component) + std::string{kSlice};
}

Result<UnitName> name_of_path(std::string_view path, const ContainerId& id,
                              std::string_view default_slice) {
    if (path.starts_with('/'))
        path.remove_prefix(1);
    const auto components = text::split(path, '/');
    for (const std::string_view component : components)
        if (component.empty() || component == "." || component == "..")
            return fail("path " + shown(path) + " must have no empty, '.' or '..' component");
    if (components.size() > kMaxDepth)
        return fail("path is more than " + std::to_string(kMaxDepth) + " levels deep");

    const std::string_view last = components.back();
    const bool ends_in_slice = last.ends_with(kSlice);
    std::string slice;
    for (size_t i = 0; i + (ends_in_slice ? 0 : 1) < components.size(); ++i) {
        slice = descend(slice, components[i]);
        // Before it can grow any further.
        TRY(check_slice_name(slice));
    }
    if (slice.empty())
        slice = default_slice;
    if (ends_in_slice)
        return UnitName{default_scope(id), slice};
    const bool is_scope = last.size() > kScope.size() && last.ends_with(kScope);
    return UnitName{scope_of(last) + (is_scope ? "" : std::string{kScope}), slice};
}

Result<UnitName> name_of_triple(std::string_view path, const ContainerId& id,
                                std::string_view default_slice) {
    const auto parts = text::split(path, ':');
    if (parts.size() != 3)
        return fail("expected cgroupsPath to be of format \"slice:prefix:name\", got " +
                    shown(path) + " instead");
    const std::string_view slice = parts[0].empty() ? default_slice : parts[0];
    if (parts[2].empty())
        return fail("the name in " + shown(path) + " must not be empty");
    TRY(check_slice_name(slice));
    if (parts[2].ends_with(kSlice))
        return UnitName{default_scope(id), std::string{parts[2]}};
    // An empty prefix leaves its dash, as runc and crun have it.
    std::string scope{parts[1]};
    scope.append("-").append(parts[2]).append(kScope);
    return UnitName{scope, std::string{slice}};
}

Result<UnitName> derive(std::string_view path, const ContainerId& id,
                        std::string_view default_slice) {
    if (path.empty())
        return UnitName{default_scope(id), std::string{default_slice}};
    // A path of an engine's cgroupfs driver may hold colons, too.
    if (path.find(':') != std::string_view::npos && !path.starts_with('/'))
        return name_of_triple(path, id, default_slice);
    return name_of_path(path, id, default_slice);
}

}  // namespace

std::string service_name(const UnitName& name) {
    return name.scope.substr(0, name.scope.size() - kScope.size()).append(".service");
}

std::string escape(std::string_view text) {
    std::string escaped;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '/')
            escaped += '-';
        else if (is_alphanumeric(c) || c == ':' || c == '_' || (c == '.' && i > 0))
            escaped += c;
        else
            escaped += hex_escape(c);
    }
    return escaped;
}

Result<> check_unit_name(std::string_view name) {
    if (name.empty() || name.size() > kLongestName)
        return fail("unit name " + shown(name) + " is " + std::to_string(name.size()) +
                    " bytes long, must be 1 to 255");
    for (const char c : name)
        if (!is_name_char(c))
            return fail("unit name " + shown(name) +
                        " may hold letters, digits and ':-_.\\@' only");
    const bool known = std::any_of(kSuffixes.begin(), kSuffixes.end(), [&](std::string_view end) {
        return name.size() > end.size() && name.ends_with(end);
    });
    if (!known)
        return fail("unit name " + shown(name) + " must end in a unit type, such as '.service'");
    if (name.front() == '@')
        return fail("unit name " + shown(name) + " must not start with '@'");
    return {};
}

Result<> check_slice_name(std::string_view name) {
    TRY(check_unit_name(name));
    if (!name.ends_with(kSlice))
        return fail("slice name " + shown(name) + " must end in '.slice'");
    const std::string_view stem = name.substr(0, name.size() - kSlice.size());
    if (stem == "-")
        return {};
    if (stem.starts_with('-') || stem.ends_with('-') || stem.find("--") != std::string_view::npos)
        return fail("slice name " + shown(name) +
                    " must not have a leading, trailing or double dash");
    if (stem.find('@') != std::string_view::npos)
        return fail("slice name " + shown(name) + " must not hold '@': slices have no instances");
    if (static_cast<size_t>(std::count(stem.begin(), stem.end(), '-')) >= kMaxDepth)
        return fail("slice name " + shown(name) + " is more than " + std::to_string(kMaxDepth) +
                    " levels deep");
    return {};
}

std::string slice_path(std::string_view slice) {
    const std::string_view stem = slice.substr(0, slice.size() - kSlice.size());
    std::string path;
    if (stem == "-")
        return path;
    for (size_t dash = 0; dash != std::string_view::npos;) {
        dash = stem.find('-', dash + 1);
        path.append("/").append(stem.substr(0, dash)).append(kSlice);
    }
    return path;
}

Result<UnitName> name_unit(std::string_view cgroups_path, const ContainerId& id,
                           std::string_view default_slice) {
    // Slices and scope are one path in cgroupfs, which must stay below PATH_MAX.
    constexpr size_t kLongestPath = 2048;
    UnitName name = TRY_IN("linux.cgroupsPath", derive(cgroups_path, id, default_slice));
    TRY_IN("linux.cgroupsPath", check_slice_name(name.slice));
    TRY_IN("linux.cgroupsPath", check_unit_name(name.scope));
    if (name.scope.find('@') != std::string::npos)
        return fail("linux.cgroupsPath: scope name " + shown(name.scope) +
                    " must not hold '@': scopes have no instances");
    if (name.scope == "init.scope")
        return fail("linux.cgroupsPath: 'init.scope' is the manager's own");
    if (slice_path(name.slice).size() + name.scope.size() > kLongestPath)
        return fail("linux.cgroupsPath: the cgroup's path would be longer than " +
                    std::to_string(kLongestPath) + " bytes");
    return name;
}

}  // namespace unitc::unit
