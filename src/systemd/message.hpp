// SPDX-License-Identifier: Apache-2.0
// A D-Bus message and what is written into it.
#pragma once

#include <memory>

#include "systemd/library.hpp"
#include "unit/property.hpp"

namespace unitc::systemd {

struct MessageUnref {
    void operator()(sd_bus_message* message) const { g_sd.message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, MessageUnref>;

// sd-bus returns negative errno values; the first one wins.
class Status {
public:
    Status& operator<<(int rc) {
        if (code_ == 0 && rc < 0)
            code_ = -rc;
        return *this;
    }
    int code() const { return code_; }

private:
    int code_ = 0;
};

// Appends a property as a structure of its name and its value in a variant.
void append_property(sd_bus_message* message, const unit::Property& property, Status& status);

}  // namespace unitc::systemd
