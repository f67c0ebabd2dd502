// SPDX-License-Identifier: Apache-2.0
#include "systemd/library.hpp"

#include <dlfcn.h>

#include <string>

namespace unitc::systemd {

constinit Library g_sd;

namespace {

constinit bool g_loaded = false;

template <typename Function>
bool look_up(void* handle, const char* name, Function* function) {
    void* const symbol = ::dlsym(handle, name);
    *function = reinterpret_cast<Function>(symbol);
    return symbol != nullptr;
}

}  // namespace

// The handle is never given back: the library lives as long as the program.
Result<> load_library() {
    if (g_loaded)
        return {};
    void* const handle = ::dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        const char* why = ::dlerror();
        return fail(std::string{"libsystemd cannot be loaded: "} +
                    (why != nullptr ? why : "unknown error"));
    }
#define UNITC_LOOK_UP(name)                            \
    if (!look_up(handle, "sd_bus_" #name, &g_sd.name)) \
        return fail("libsystemd is too old: it has no sd_bus_" #name);
    UNITC_SD_BUS_FUNCTIONS(UNITC_LOOK_UP)
#undef UNITC_LOOK_UP
    g_loaded = true;
    return {};
}

}  // namespace unitc::systemd
