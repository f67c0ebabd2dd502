// SPDX-License-Identifier: Apache-2.0
// libsystemd, opened at run time: what does not talk to systemd does not pay
// for loading it.
#pragma once

#include <systemd/sd-bus.h>

#include "base/result.hpp"

namespace unitc::systemd {

// Every function of libsystemd that is used, under its own name without
// "sd_bus_".
// clang-format off
#define UNITC_SD_BUS_FUNCTIONS(X) \
    X(add_filter) X(call_async) X(close_unref) X(get_events) X(get_fd) X(get_n_queued_write) \
    X(is_ready) X(message_append_array) X(message_append_basic) X(message_close_container) \
    X(message_enter_container) X(message_exit_container) X(message_get_error) \
    X(message_get_sender) X(message_is_signal) X(message_new_method_call) \
    X(message_open_container) X(message_peek_type) X(message_read_array) \
    X(message_read_basic) X(message_set_auto_start) X(message_set_expect_reply) \
    X(message_skip) X(message_unref) X(open_system) X(open_user) X(path_encode) X(process) X(send) X(slot_unref)
// clang-format on

struct Library {
#define UNITC_MEMBER(name) decltype(&::sd_bus_##name) name = nullptr;
    UNITC_SD_BUS_FUNCTIONS(UNITC_MEMBER)
#undef UNITC_MEMBER
};

// Null pointers until load_library() has succeeded.
extern Library g_sd;

// The library lives as long as the program; a second call does nothing.
Result<> load_library();

}  // namespace unitc::systemd
