// SPDX-License-Identifier: Apache-2.0
#include "ops/status_view.hpp"

#include <string_view>

#include "base/text.hpp"
#include "ops/human.hpp"

namespace unitc::ops {
namespace {

constexpr size_t kLabelWidth = 11;  // of "     Active"
constexpr std::string_view kGreen = "\033[0;1;32m";
constexpr std::string_view kYellow = "\033[0;1;33m";
constexpr std::string_view kGrey = "\033[0;38;5;245m";
constexpr std::string_view kPlain = "\033[0m";

struct Look {
    state::Status status;
    std::string_view dot;
    std::string_view colour;
    int code;
};
constexpr Look kLooks[] = {
    {state::Status::Creating, "●", kYellow, 3}, {state::Status::Created, "●", kGreen, 0},
    {state::Status::Running, "●", kGreen, 0},   {state::Status::Paused, "●", kYellow, 0},
    {state::Status::Stopped, "○", "", 3},
};

const Look& look_of(state::Status status) {
    for (const Look& look : kLooks)
        if (look.status == status)
            return look;
    return kLooks[0];
}

class Page {
public:
    explicit Page(bool colour) : colour_(colour) {}

    std::string painted(std::string_view text, std::string_view colour) const {
        std::string out{colour_ ? colour : ""};
        return out.append(text).append(colour_ && !colour.empty() ? kPlain : "");
    }
    void line(std::string_view label, std::string_view value) {
        out_.append(kLabelWidth - label.size(), ' ').append(label).append(": ");
        out_.append(value).append("\n");
    }
    void add(std::string_view text) { out_ += text; }
    // The groups and processes, with the lines of a tree before them.
    void tree(const cgroup::Tree& tree, const std::map<pid_t, std::string>& commands,
              const std::string& before) {
        size_t left = tree.groups.size();
        for (const pid_t pid : tree.pids)
            left += commands.count(pid);
        for (const pid_t pid : tree.pids) {
            const auto known = commands.find(pid);
            if (known == commands.end())
                continue;
            branch(before, --left == 0);
            out_ += painted(std::to_string(pid) + " " + known->second, kGrey) + "\n";
        }
        for (const cgroup::Tree& below : tree.groups) {
            const bool last = --left == 0;
            branch(before, last);
            out_ += text::printable(below.name) + "\n";
            this->tree(below, commands, before + (last ? "  " : "│ "));
        }
    }
    std::string take() { return std::move(out_); }

private:
    void branch(const std::string& before, bool last) {
        out_.append(kLabelWidth + 2, ' ').append(before).append(last ? "└─" : "├─");
    }

    bool colour_;
    std::string out_;
};

// " (max: 64.0M, peak: 12.3M)", of those that are there.
std::string in_brackets(const std::string& parts) {
    return parts.empty() ? "" : " (" + parts + ")";
}

void add_part(std::string& parts, const std::string& part) {
    parts.append(parts.empty() ? "" : ", ").append(part);
}

std::string memory_of(const StatusView& view) {
    const cgroup::MemoryUsage& memory = view.stats->memory;
    std::string parts;
    if (view.memory_high.value_or(UINT64_MAX) != UINT64_MAX)
        add_part(parts, "high: " + human_bytes(*view.memory_high));
    if (memory.limit != 0 && memory.limit != UINT64_MAX)
        add_part(parts, "max: " + human_bytes(memory.limit));
    if (view.stats->swap.usage != 0)
        add_part(parts, "swap: " + human_bytes(view.stats->swap.usage));
    if (memory.peak != 0)
        add_part(parts, "peak: " + human_bytes(memory.peak));
    return human_bytes(memory.usage) + in_brackets(parts);
}

// "50000 100000" → "quota: 50%".
std::string quota_of(std::string_view cpu_max) {
    constexpr uint64_t kPercent = 10'000;  // µs per second
    const auto quota = cgroup::parse_quota(cpu_max);
    return quota && *quota != UINT64_MAX ? "quota: " + std::to_string(*quota / kPercent) + "%" : "";
}

void add_usage(Page& page, const StatusView& view) {
    const cgroup::Stats& stats = *view.stats;
    std::string tasks = std::to_string(stats.pids);
    if (stats.pids_limit != 0)
        tasks += " (limit: " + std::to_string(stats.pids_limit) + ")";
    page.line("Tasks", tasks);
    if (!stats.memory_stat.empty())
        page.line("Memory", memory_of(view));
    page.line("CPU", human_span(stats.cpu.total / 1000) + in_brackets(quota_of(view.cpu_max)));
    uint64_t read = 0, written = 0;
    for (const cgroup::IoCount& count : stats.io_bytes)
        (*count.operation == 'R' ? read : written) += count.value;
    if (!stats.io_bytes.empty())
        page.line("IO", human_bytes(read) + " read, " + human_bytes(written) + " written");
}

}  // namespace

std::string status_text(const StatusView& view, bool colour) {
    Page page{colour};
    const Look& look = look_of(view.status);
    const std::string id = text::printable(view.id);
    page.add(page.painted(look.dot, look.colour) + " " + id + " - unitc container " + id + "\n");
    std::string active = page.painted(state::to_string(view.status), look.colour);
    if (view.created)
        active += " (created " + human_time(*view.created) + "; " +
                  human_ago(view.now - *view.created) + ")";
    page.line("Active", active);
    page.line("Unit", text::printable(view.unit));
    page.line("Bundle", text::printable(view.bundle));
    if (view.pid != 0)
        page.line("Main PID", std::to_string(view.pid) + in_brackets(text::printable(view.name)));
    if (view.stats) {
        add_usage(page, view);
        page.line("CGroup", text::printable(view.cgroup));
        page.tree(view.tree, view.commands, "");
    }
    if (!view.journal.empty())
        page.add("\n" + view.journal);
    return page.take();
}

int status_code(state::Status status) {
    return look_of(status).code;
}

}  // namespace unitc::ops
