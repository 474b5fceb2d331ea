// Supervisor: the thread beside the pipeline. Takes signals, notices changed files, reloads, tests the agent,
// reports drops and outputs that hang.
//
// A reload reads and compiles everything aside. Only when all of it is good, a new revision goes to the
// pipeline; otherwise the old one stays in force, and the log, /metrics and /healthz say why.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/config.h"
#include "app/drop_watch.h"
#include "app/loaded_file.h"
#include "app/mailbox.h"
#include "app/options.h"
#include "app/revision.h"
#include "app/watched_files.h"
#include "app/web.h"
#include "base/fd.h"
#include "observe/agent_state.h"
#include "observe/board.h"
#include "observe/self_test.h"

namespace saker::app {

class Supervisor {
 public:
  struct Parts {  // all outlive the supervisor
    const Options& options;
    Mailbox& mailbox;
    observe::Board& board;
    observe::SelfTest& self_test;
    observe::AgentState& state;
    Web::Sources web;
  };

  // Blocks the signals it will take, for this thread and those made later. Call before any thread is made.
  static void block_signals();

  // `seen`: watched_files() from before they were loaded.
  Supervisor(Parts parts, Config config, std::shared_ptr<const Revision> revision,
             std::vector<LoadedFile> seen);
  ~Supervisor();  // ends the thread
  Supervisor(const Supervisor&) = delete;

  // What is in force; once the thread has ended.
  void join();
  std::shared_ptr<const Revision> revision() const { return revision_; }

 private:
  void run();
  void take_signals();
  void each_second();
  void compare_stamps();
  void look_at_files();
  void reload(std::string_view why);
  Result<> try_reload();
  Result<> check_sandbox(const Config& next) const;
  void serve();
  void snapshot_metrics();
  void report_drops();
  void report_stuck_outputs();

  Parts parts_;
  Config config_;
  std::shared_ptr<const Revision> revision_;
  const bool calls_filtered_, writes_filtered_;  // since the start
  std::vector<LoadedFile> seen_;                 // content of the files when they were last looked at
  std::vector<FileStamp> stamps_;                // of the same, when they were last looked for changes
  UniqueFd signals_, end_;
  // Boot times; 0 = no file seems to have changed since the last look.
  std::uint64_t files_changed_ns_ = 0, files_first_changed_ns_ = 0;
  std::uint64_t next_look_ns_ = 0, next_self_test_ns_ = 0, next_drop_log_ns_ = 0;
  DropWatch drops_;
  std::uint64_t unlogged_drops_ = 0;
  std::unique_ptr<Web> web_;
  WebSettings served_;               // what web_ was started with
  std::uint64_t next_serve_ns_ = 0;  // when it is tried again
  MetricsSnapshot metrics_;
  std::uint64_t next_snapshot_ns_ = 0;
  std::vector<std::string> stuck_;      // outputs that were reported
  std::vector<std::jthread> retiring_;  // outputs of former revisions, ending
  std::thread thread_;
};

}  // namespace saker::app
