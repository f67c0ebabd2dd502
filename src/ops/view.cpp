// SPDX-License-Identifier: Apache-2.0
#include "ops/view.hpp"

#include <pwd.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace unitc::ops {
namespace {

// How an object is laid out: `state` breaks lines, `list` does not.
struct Layout {
    std::string_view open, outer, inner, after_comma, after_inner_comma, colon, close_inner, close;
};
constexpr Layout kIndented = {"{\n", "  ", "    ", ",\n", ",\n", ": ", "\n  }", "\n}"};
constexpr Layout kCompact = {"{", "", "", ",", ",", ":", "}", "}"};

std::string annotations_json(const View& view, const Layout& layout) {
    std::string out{layout.open};
    for (const auto& [key, value] : view.annotations) {
        if (&key != &view.annotations.front().first)
            out += layout.after_inner_comma;
        out.append(layout.inner)
            .append(text::json_string(key))
            .append(layout.colon)
            .append(text::json_string(value));
    }
    return out.append(layout.close_inner);
}

std::string object(const View& view, const Layout& layout) {
    std::string out{layout.open};
    const auto member = [&](std::string_view name, std::string_view value) {
        if (out.size() != layout.open.size())
            out += layout.after_comma;
        out.append(layout.outer).append(text::json_string(name)).append(layout.colon).append(value);
    };
    member("ociVersion", text::json_string(view.oci_version));
    member("id", text::json_string(view.id));
    member("pid", std::to_string(view.pid));
    member("status", text::json_string(view.status));
    member("bundle", text::json_string(view.bundle));
    member("rootfs", text::json_string(view.rootfs));
    member("created", text::json_string(view.created));
    if (!view.annotations.empty())
        member("annotations", annotations_json(view, layout));
    member("owner", text::json_string(view.owner));
    return out.append(layout.close);
}

// Characters, not bytes: columns align on a screen.
size_t width(std::string_view text) {
    return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

using Cells = std::array<std::string, 6>;

Cells cells_of(const View& view) {
    return {
        text::printable(view.id),     std::to_string(view.pid),      view.status,
        text::printable(view.bundle), text::printable(view.created), text::printable(view.owner)};
}

// As runc has it. Root's needs no look into the database of users, which for
// most is a library of its own.
std::string owner_name(uid_t uid) {
    const passwd* entry = uid == 0 ? nullptr : ::getpwuid(uid);
    if (entry != nullptr)
        return entry->pw_name;
    return uid == 0 ? "root" : "#" + std::to_string(uid);
}

}  // namespace

View make_view(const state::Record& record, state::Status status) {
    View view;
    view.oci_version = record.oci_version;
    view.id = record.id;
    view.pid = status == state::Status::Stopped ? 0 : record.init.pid;
    view.status = state::to_string(status);
    view.bundle = record.bundle;
    view.rootfs = record.rootfs;
    view.created = record.created;
    view.annotations = record.annotations;
    std::sort(view.annotations.begin(), view.annotations.end());
    view.owner = owner_name(record.owner_uid);
    return view;
}

std::string to_json(const View& view) {
    return object(view, kIndented);
}

std::string to_json(const std::vector<View>& views) {
    if (views.empty())
        return "null\n";
    std::string out = "[";
    for (const View& view : views)
        out.append(&view == views.data() ? "" : ",").append(object(view, kCompact));
    return out + "]\n";
}

std::string to_table(const std::vector<View>& views) {
    constexpr size_t kLeastWidth = 12;
    constexpr size_t kGap = 3;
    std::vector<Cells> rows{{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
    for (const View& view : views)
        rows.push_back(cells_of(view));

    std::array<size_t, std::tuple_size_v<Cells>> widths;
    widths.fill(kLeastWidth);
    for (const Cells& row : rows)
        for (size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width(row[i]) + kGap);

    std::string out;
    for (const Cells& row : rows) {
        for (size_t i = 0; i + 1 < row.size(); ++i)
            out.append(row[i]).append(widths[i] - width(row[i]), ' ');
        out.append(row.back()).append("\n");
    }
    return out;
}

}  // namespace unitc::ops
