// SPDX-License-Identifier: Apache-2.0
// What a command line said, as plain data.
#pragma once

#include <string>
#include <vector>

#include "base/log.hpp"
#include "ops/ops.hpp"

namespace unitc::cli {

struct Invocation {
    ops::Globals globals;
    std::string log_path;  // empty: standard error
    log::Format log_format = log::Format::Text;
    bool help = false;
    bool version = false;

    ops::CreateRequest request;  // create, run, plan; spec uses its bundle
    ops::UpdateRequest update;   // update
    ops::EventsRequest events;   // events
    ops::ExecRequest exec;
    ops::StatusRequest status;
    ops::LogsRequest logs;
    ops::TopRequest top;
    int64_t delay_ns = 1'000'000'000;  // top
    bool batch = false;                // top
    bool no_pager = false;             // status, logs
    bool force = false;                // delete
    bool of_caller = false;            // delete
    bool all = false;                  // kill
    bool quiet = false;                // list
    bool rootless_spec = false;
    bool json = false;  // list, ps

    std::vector<std::string> arguments;  // what is no option, in order
};

}  // namespace unitc::cli
