// SPDX-License-Identifier: Apache-2.0
// The table of `unitc top`: from two looks at each container to its rates, in
// systemd-cgtop's columns.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cgroup/tree.hpp"
#include "ops/ops.hpp"

namespace unitc::ops {

struct TopRow {
    std::string id;
    uint64_t tasks = 0;
    uint64_t memory = 0;  // bytes
    // Since the look before; nothing at the first.
    std::optional<uint64_t> cpu;      // thousandths of one CPU
    std::optional<uint64_t> io_read;  // bytes per second
    std::optional<uint64_t> io_written;
};

// `elapsed_us` lies between the two; none: there was no look before.
TopRow top_row(const std::string& id, const cgroup::Usage& now,
               const std::optional<cgroup::Usage>& before, int64_t elapsed_us);

// The busiest first, or by name; what is equal by name.
void sort_rows(std::vector<TopRow>& rows, TopOrder order);

std::string top_table(const std::vector<TopRow>& rows, const TopScreen& screen);

}  // namespace unitc::ops
