// SPDX-License-Identifier: Apache-2.0
// The schedulers of block I/O that this machine has.
#pragma once

#include <string_view>

namespace unitc::host {

// Is bfq, whose groups have weights of their own (io.bfq.weight), one of those
// that a disk can have? A group shows that file only once its io controller is
// on, which before the job is no group's that we know of.
bool has_bfq();

// The same of one disk's queue/scheduler: "none [mq-deadline] bfq".
bool names_bfq(std::string_view schedulers);

}  // namespace unitc::host
