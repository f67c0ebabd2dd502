// SPDX-License-Identifier: Apache-2.0
// What unitcd keeps while it runs: an object per container, as the state
// directory and the kernel have it. Nothing of it outlives the process.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "daemon/bus.hpp"
#include "daemon/loop.hpp"
#include "daemon/snapshot.hpp"
#include "daemon/watcher.hpp"
#include "daemon/workers.hpp"
#include "ops/ops.hpp"

namespace unitc::daemon {

class Service {
public:
    static Result<std::unique_ptr<Service>> begin(const ops::Globals& globals, Loop& loop);
    // Who still waits for an answer gets one while there is a bus.
    ~Service() { workers_.abandon(); }
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    Bus& bus() { return bus_; }

    // Handles what has come in by the bus. An error: the bus is gone.
    Result<> serve();

    // When a container is to be looked at that tells nothing by itself, in
    // milliseconds; -1: never. look_again() does it.
    int next_look_ms() const;
    void look_again();

    // Nobody waits for an answer, nobody has subscribed.
    bool idle() const;
    bool answered() const { return pending_.empty(); }
    // When somebody has called; what containers do keeps nobody up.
    int64_t last_call_us() const { return last_call_us_; }

private:
    struct Tracked {
        Snapshot snapshot;
        Fd init;
    };
    // What somebody wants done; shared by whoever answers.
    struct Change {
        uid_t uid;
        Workers::Verb work;
        std::shared_ptr<Call> call;
    };
    Service(const ops::Globals& globals, Loop& loop, Bus bus, Watcher watcher,
            state::Witness witness);

    Result<> add_manager();

    // model
    void scan();
    void refresh(const std::string& id);
    std::optional<Look> look(const ContainerId& id);
    void add(const ContainerId& id, Look look);
    void change(Tracked& tracked, Look look);
    void remove(const std::string& id);
    void keep_init(Tracked& tracked, Fd init);
    void tell(const char* signal, const Snapshot& snapshot, Values more = {});
    void on_changes();
    void on_units(const std::set<std::string>& units);
    void look_when_settled();

    // calls
    void manager_call(const Method& method, Call call);
    void container_call(const std::string& id, const Method& method, Call call);
    void list(Call call);
    void get(Call call);
    void subscribe(Call call);
    void unsubscribe(Call call);
    void leave(const std::string& name);
    void change_container(const std::string& id, const char* verb, Workers::Verb work, Call call);
    void authorized(Verdict verdict, Change change);
    void begin_work(const Change& change);
    void end_change(const Change& change);
    void called();

    ops::Globals globals_;
    Loop& loop_;
    Watcher watcher_;
    state::Witness witness_;
    std::unique_ptr<state::Store> store_;  // none: the directory is not there
    Workers workers_;
    bool announcing_ = false;  // once the name is ours
    bool telling_ = false;     // it is us who ask for properties
    std::map<std::string, std::unique_ptr<Tracked>> containers_;
    std::set<std::string> subscribers_;
    std::set<std::string> limited_;  // containers whose limits somebody has set
    bool settling_ = false;
    std::map<uid_t, unsigned> pending_;  // changes under way, by who asked
    int64_t last_call_us_ = 0;
    // Goes first: its callbacks use all of the above.
    Bus bus_;
};

}  // namespace unitc::daemon
