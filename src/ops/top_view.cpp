// SPDX-License-Identifier: Apache-2.0
#include "ops/top_view.hpp"

#include <algorithm>
#include <cstdio>
#include <tuple>

#include "base/text.hpp"
#include "ops/human.hpp"

namespace unitc::ops {
namespace {

struct Column {
    const char* title;
    TopOrder order;
    size_t width;
    std::string (*cell)(const TopRow& row);
};

std::string rate(const std::optional<uint64_t>& bytes) {
    return bytes ? human_bytes(*bytes) : "-";
}

std::string percent(const std::optional<uint64_t>& thousandths) {
    if (!thousandths)
        return "-";
    return std::to_string(*thousandths / 10) + "." + std::to_string(*thousandths % 10);
}

constexpr Column kColumns[] = {
    {"TASKS", TopOrder::Tasks, 8, [](const TopRow& row) { return std::to_string(row.tasks); }},
    {"%CPU", TopOrder::Cpu, 8, [](const TopRow& row) { return percent(row.cpu); }},
    {"MEMORY", TopOrder::Memory, 9,
     [](const TopRow& row) { return row.memory == 0 ? "-" : human_bytes(row.memory); }},
    {"INPUT/S", TopOrder::Io, 10, [](const TopRow& row) { return rate(row.io_read); }},
    {"OUTPUT/S", TopOrder::Io, 10, [](const TopRow& row) { return rate(row.io_written); }},
};

// Larger is busier.
uint64_t weight(const TopRow& row, TopOrder order) {
    switch (order) {
        case TopOrder::Tasks: return row.tasks;
        case TopOrder::Cpu: return row.cpu.value_or(0);
        case TopOrder::Memory: return row.memory;
        case TopOrder::Io: return row.io_read.value_or(0) + row.io_written.value_or(0);
        case TopOrder::Id: break;
    }
    return 0;
}

// Of what counts only upwards; a counter that fell is another container's.
uint64_t per_second(uint64_t now, uint64_t before, uint64_t elapsed_us) {
    return now < before ? 0
                        : static_cast<uint64_t>(static_cast<double>(now - before) * 1e6 /
                                                static_cast<double>(elapsed_us));
}

}  // namespace

TopRow top_row(const std::string& id, const cgroup::Usage& now,
               const std::optional<cgroup::Usage>& before, int64_t elapsed_us) {
    TopRow row;
    row.id = id;
    row.tasks = now.tasks;
    row.memory = now.memory;
    if (!before || elapsed_us <= 0)
        return row;
    const auto elapsed = static_cast<uint64_t>(elapsed_us);
    row.cpu = per_second(now.cpu_us, before->cpu_us, elapsed) / 1000;
    row.io_read = per_second(now.io_read, before->io_read, elapsed);
    row.io_written = per_second(now.io_written, before->io_written, elapsed);
    return row;
}

void sort_rows(std::vector<TopRow>& rows, TopOrder order) {
    std::sort(rows.begin(), rows.end(), [&](const TopRow& a, const TopRow& b) {
        const uint64_t heavy_a = weight(a, order), heavy_b = weight(b, order);
        return std::tie(heavy_b, a.id) < std::tie(heavy_a, b.id);
    });
}

std::string top_table(const std::vector<TopRow>& rows, const TopScreen& screen) {
    constexpr size_t kLeast = 12;
    size_t widest = kLeast;
    for (const TopRow& row : rows)
        widest = std::max(widest, row.id.size());
    size_t others = 0;
    for (const Column& column : kColumns)
        others += column.width;
    // The figures stay in sight, and ids are cut where the terminal is narrow.
    if (screen.columns > others + kLeast)
        widest = std::min<size_t>(widest, screen.columns - others);

    std::string out = screen.colour ? "\033[4m" : "";
    out.append("CONTAINER").append(widest - 9, ' ');
    for (const Column& column : kColumns)
        out.append(column.width - std::string_view{column.title}.size(), ' ').append(column.title);
    out.append(screen.colour ? "\033[0m" : "").append("\n");

    // One line is the title's.
    const size_t room = screen.rows > 1 ? screen.rows - 1 : 1;
    const size_t shown = screen.rows == 0 ? rows.size() : std::min<size_t>(rows.size(), room);
    for (size_t i = 0; i < shown; ++i) {
        const std::string id = rows[i].id.substr(0, widest);
        out.append(id).append(widest - id.size(), ' ');
        for (const Column& column : kColumns) {
            const std::string cell = column.cell(rows[i]);
            out.append(column.width > cell.size() ? column.width - cell.size() : 1, ' ');
            out.append(cell);
        }
        out += "\n";
    }
    return out;
}

}  // namespace unitc::ops
