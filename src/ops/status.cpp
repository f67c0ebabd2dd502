// SPDX-License-Identifier: Apache-2.0
// unitc status and unitc logs. Neither asks a bus: the kernel knows the
// processes and what they use, the journal is files.
#include <unistd.h>

#include <cstdlib>
#include <ctime>

#include "base/log.hpp"
#include "base/text.hpp"
#include "cgroup/cgroup.hpp"
#include "ops/human.hpp"
#include "ops/locate.hpp"
#include "ops/ops.hpp"
#include "ops/status_view.hpp"
#include "sys/command.hpp"
#include "sys/file.hpp"
#include "sys/privilege.hpp"
#include "sys/procfs.hpp"

namespace unitc::ops {
namespace {

// A command line as `systemctl status` shows it, or the name of a process that
// has none. Nothing: it has ended.
std::optional<std::string> command_of(const sys::Procfs& proc, pid_t pid) {
    const std::string directory = std::to_string(pid);
    auto words = proc.read(directory + "/cmdline");
    if (!words)
        return std::nullopt;
    while (!words->empty() && words->back() == '\0')
        words->pop_back();
    for (char& c : *words)
        c = c == '\0' ? ' ' : c;
    if (!words->empty())
        return text::printable(*words);
    const auto name = proc.read(directory + "/comm");
    if (!name)
        return std::nullopt;
    return "[" + text::printable(text::trim(*name)) + "]";
}

void add_commands(const sys::Procfs& proc, const cgroup::Tree& tree, StatusView& view) {
    for (const pid_t pid : tree.pids)
        if (auto command = command_of(proc, pid))
            view.commands.emplace(pid, *std::move(command));
    for (const cgroup::Tree& below : tree.groups)
        add_commands(proc, below, view);
}

// What lives in the unit and what it uses; a unit that has gone meanwhile has
// none of it.
Result<> add_group(const state::Record& record, StatusView& view) {
    const auto group = cgroup::open(record.cgroup);
    if (!group)
        return {};
    // Of a later unit of the same name.
    const std::string mark = cgroup::invocation_id(*group);
    if (!mark.empty() && !record.invocation_id.empty() && mark != record.invocation_id)
        return {};
    auto stats = cgroup::read_stats(*group);
    auto tree = cgroup::read_tree(*group);
    if (!stats || !tree)
        return {};
    view.cgroup = record.cgroup;
    view.stats = *std::move(stats);
    view.tree = *std::move(tree);
    view.cpu_max = sys::read_file(group->get(), "cpu.max").value_or("");
    if (const auto high = cgroup::read_number(*group, "memory.high"))
        view.memory_high = *high;
    const sys::Procfs proc = TRY(sys::Procfs::host());
    add_commands(proc, view.tree, view);
    view.name = text::trim(proc.read(std::to_string(view.pid) + "/comm").value_or(""));
    return {};
}

const std::string& unit_of(const state::Record& record) {
    return record.service.empty() ? record.unit : record.service;
}

// What the journal has of the unit: of this invocation, for an earlier
// container's unit may have had the same name. The first field is in what the
// unit's processes say, the second in what systemd says of it.
// A container in the cgroup of a service has the service's.
std::vector<std::string> journalctl(const state::Record& record) {
    const std::string& id =
        record.service.empty() ? record.invocation_id : record.service_invocation;
    if (id.empty())
        return {"journalctl", "--quiet",
                (sys::owns_machine() ? "--unit=" : "--user-unit=") + unit_of(record)};
    // The third is what a user's manager says.
    return {"journalctl",          "--quiet", "_SYSTEMD_INVOCATION_ID=" + id, "+",
            "INVOCATION_ID=" + id, "+",       "USER_INVOCATION_ID=" + id};
}

std::string journal_of(const state::Record& record, unsigned lines) {
    std::vector<std::string> argv = journalctl(record);
    argv.insert(argv.end(), {"--no-pager", "--lines=" + std::to_string(lines)});
    const auto result = sys::run_command(argv);
    if (result && result->status == 0)
        return result->output;
    log::warning("the journal is not shown: " +
                 (result ? text::printable(text::trim(result->output)) : result.error().message));
    return {};
}

}  // namespace

Result<StatusReport> status(const Globals& globals, const StatusRequest& request) {
    const auto [store, record] = TRY(find_record(globals, request.id));
    const state::Truth truth = TRY(state::ask(store, record));
    StatusView view;
    view.id = record.id;
    view.status = truth.status;
    view.created = unix_seconds(record.created);
    view.now = ::time(nullptr);
    view.unit = unit_of(record);
    view.bundle = record.bundle;
    view.pid = truth.status == state::Status::Stopped ? 0 : record.init.pid;
    if (truth.status != state::Status::Stopped && !record.cgroup.empty())
        TRY(add_group(record, view));
    // journalctl writes to us and not to the terminal that it would look at.
    ::setenv("SYSTEMD_COLORS", request.colour ? "1" : "0", 1);
    if (request.lines > 0)
        view.journal = journal_of(record, request.lines);
    return StatusReport{status_text(view, request.colour), status_code(view.status)};
}

Result<> logs(const Globals& globals, const LogsRequest& request) {
    const Known known = TRY(find_record(globals, request.id));
    std::vector<std::string> words = journalctl(known.record);
    if (request.follow)
        words.emplace_back("--follow");
    if (request.lines)
        words.push_back("--lines=" + std::to_string(*request.lines));
    if (request.no_pager)
        words.emplace_back("--no-pager");
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    // It has rules for pager and colours of its own, and handles signals.
    TRY(sys::reset_signals());
    ::execvp(argv.front(), argv.data());
    return fail_sys("execute", argv.front());
}

}  // namespace unitc::ops
