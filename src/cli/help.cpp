// SPDX-License-Identifier: Apache-2.0
#include "cli/help.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "ops/ops.hpp"

#ifndef UNITC_COMMIT
#define UNITC_COMMIT ""
#endif

namespace unitc::cli {
namespace {

constexpr std::string_view kAbout =
    "unitc runs containers as the Open Container Initiative (OCI) describes them, and each\n"
    "container is a systemd unit: `systemctl status`, `systemctl stop` and `systemd-cgtop`\n"
    "work on it, and systemd owns its cgroup and its limits.\n"
    "\n"
    "A container is made from a bundle: a directory with a file named config.json and a\n"
    "root file system. To run one:\n"
    "\n"
    "    # unitc run [ -b bundle ] <container-id>\n"
    "\n"
    "<container-id> is the name of the container on this host. The default bundle is the\n"
    "working directory.";

constinit char g_name[32] = "unitc";

struct Row {
    std::string left;
    std::string_view right;
};

// Two columns, the left one as wide as its widest cell.
void append_rows(std::string& out, const std::vector<Row>& rows) {
    size_t widest = 0;
    for (const Row& row : rows)
        widest = std::max(widest, row.left.size());
    for (const Row& row : rows)
        out.append("   ")
            .append(row.left)
            .append(widest - row.left.size() + 2, ' ')
            .append(row.right)
            .append("\n");
}

void append_indented(std::string& out, std::string_view paragraph) {
    for (const std::string_view line : text::split(paragraph, '\n'))
        out.append(line.empty() ? "" : "   ").append(line).append("\n");
}

std::vector<Row> rows_of(Options options) {
    std::vector<Row> rows;
    for (const Option& option : options) {
        if (option.help == nullptr)
            continue;
        std::string left = "--" + std::string{option.name};
        if (option.letter != 0)
            left.append(", -").append(1, option.letter);
        if (option.value_name != nullptr)
            left.append(" ").append(option.value_name);
        rows.push_back({std::move(left), option.help});
    }
    return rows;
}

}  // namespace

std::string program_name() {
    return g_name;
}

void set_program_name(const char* argv0) {
    const std::string_view path = argv0 == nullptr ? "" : argv0;
    const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
    const bool plain = !name.empty() && name.size() < sizeof g_name &&
                       name.find_first_not_of(
                           "abcdefghijklmnopqrstuvwxyz"
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == std::string_view::npos;
    const std::string_view chosen = plain ? name : "unitc";
    *std::copy(chosen.begin(), chosen.end(), g_name) = '\0';
}

std::string program_help() {
    const std::string name = program_name();
    std::string out = "NAME:\n   " + name + " - Open Container Initiative runtime\n\n";
    append_indented(out, kAbout);
    out += "\nUSAGE:\n   " + name + " [global options] command [command options] [arguments...]\n";
    out += "\nVERSION:\n   " UNITC_VERSION "\n\nCOMMANDS:\n";
    std::vector<Row> rows;
    for (const Command& command : commands())
        rows.push_back({command.name, command.help});
    rows.push_back({"help, h", "show this text or the help of one command"});
    append_rows(out, rows);
    out += "\nGLOBAL OPTIONS:\n";
    rows = rows_of(kGlobalOptions);
    for (Row& row : rows_of(kRootOptions))
        rows.push_back(std::move(row));
    append_rows(out, rows);
    return out;
}

std::string command_help(const Command& command) {
    const std::string name = program_name() + " " + command.name;
    std::string out = "NAME:\n   " + name + " - " + command.help + "\n\nUSAGE:\n   " + name;
    out.append(" [command options]");
    if (*command.arguments != '\0')
        out.append(" ").append(command.arguments);
    out += "\n\nDESCRIPTION:\n";
    append_indented(out, command.description);
    out += "\nOPTIONS:\n";
    append_rows(out, rows_of(command.options));
    return out;
}

std::string version() {
    std::string out = "unitc version " UNITC_VERSION "\n";
    // As engines read it; a tarball has none.
    if (*UNITC_COMMIT != '\0')
        out += "commit: " UNITC_COMMIT "\n";
    return out + ops::versions();
}

}  // namespace unitc::cli
