#include "spool/spool.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>

#include "spool/event.h"
#include "spool/spool_writer.h"

namespace saker::spool {

struct Spool::State {
  SpoolOptions options;
  Shared shared;
  std::unique_ptr<SpoolWriter> writer;
  std::thread thread;
};

Spool::Spool(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Spool>> Spool::open(SpoolOptions options, std::vector<std::string> sinks) {
  TRY_ASSIGN(SpoolFile file, SpoolFile::open(options.folder));
  auto state = std::make_unique<State>();
  state->options = options;
  state->writer = std::make_unique<SpoolWriter>(std::move(options), std::move(file), state->shared);
  TRY(state->writer->begin(sinks));
  // Signals are the main thread's.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  state->thread = std::thread([writer = state->writer.get()] { writer->run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return std::unique_ptr<Spool>(new Spool(std::move(state)));
}

Spool::~Spool() {
  {
    const std::lock_guard lock(state_->shared.mutex);
    state_->shared.stopping = true;
  }
  state_->shared.work.notify_all();
  state_->thread.join();
}

void Spool::append(std::vector<NewAlert> alerts, std::function<void(Stored)> done) {
  Append append{.alerts = std::move(alerts), .bytes = 0, .done = std::move(done)};
  for (const NewAlert& alert : append.alerts) append.bytes += alert.line.size() + kRowBytes;
  Shared& shared = state_->shared;
  {
    const std::lock_guard lock(shared.mutex);
    // One that is larger than the queue may pass alone, or it could never.
    if (shared.appends.empty() || shared.append_bytes + append.bytes <= state_->options.queue_bytes_max) {
      shared.append_bytes += append.bytes;
      ++shared.given;
      shared.appends.push_back(std::move(append));
      shared.work.notify_one();
      return;
    }
    ++shared.stats.refused_full;
  }
  append.done(Stored::kFull);
}

void Spool::hold(const std::string& sink, std::int64_t first, std::int64_t last) {
  Shared& shared = state_->shared;
  std::unique_lock lock(shared.mutex);
  shared.in_hand[sink] = {first, last};
  shared.more.wait(lock, [&] { return !shared.evicting; });
}

void Spool::settle(const std::string& sink, std::int64_t id, std::vector<Tally> tallies) {
  Shared& shared = state_->shared;
  const std::lock_guard lock(shared.mutex);
  ++shared.given;
  shared.settlements.push_back({sink, id, std::move(tallies)});
  shared.work.notify_one();
}

std::int64_t Spool::cursor(const std::string& sink) const {
  const std::lock_guard lock(state_->shared.mutex);
  const auto at = state_->shared.cursors.find(sink);
  return at == state_->shared.cursors.end() ? 0 : at->second;
}

bool Spool::wait_beyond(std::int64_t id, std::chrono::steady_clock::time_point until,
                        const std::atomic<bool>* stop) const {
  Shared& shared = state_->shared;
  std::unique_lock lock(shared.mutex);
  shared.more.wait_until(lock, until, [&] { return shared.last_id > id || (stop != nullptr && *stop); });
  return shared.last_id > id;
}

void Spool::wake() {
  // With the lock, so that nobody is between looking at its flag and sleeping.
  const std::lock_guard lock(state_->shared.mutex);
  state_->shared.more.notify_all();
}

void Spool::sync() {
  Shared& shared = state_->shared;
  std::unique_lock lock(shared.mutex);
  const std::uint64_t given = shared.given;
  shared.more.wait(lock, [&] { return shared.done >= given; });
}

SpoolStats Spool::stats() const {
  const std::lock_guard lock(state_->shared.mutex);
  return state_->shared.stats;
}

std::unique_ptr<Reader> Spool::reader() const { return std::unique_ptr<Reader>(new Reader(*this)); }

struct Reader::Connection {
  Database database;
  Statement page;
  std::uint64_t generation = 0;
};

Reader::Reader(const Spool& spool) : spool_(spool) {}
Reader::~Reader() = default;

Result<Reader::Page> Reader::read(const Request& request) {
  Shared& shared = spool_.state_->shared;
  std::uint64_t generation = 0;
  std::int64_t last_id = 0;
  {
    const std::lock_guard lock(shared.mutex);
    generation = shared.generation;
    last_id = shared.last_id;
  }
  if (connection_ && connection_->generation != generation) connection_.reset();
  if (!connection_) {
    TRY_ASSIGN(Database database,
               Database::open(database_path(spool_.state_->options.folder), Database::Mode::kReadWrite));
    TRY(database.execute("PRAGMA query_only = 1; PRAGMA cache_size = -512;"));
    TRY_ASSIGN(Statement page,
               database.prepare("SELECT id, received_ns, time_ns, priority, rule, line FROM alerts "
                                "WHERE id > ? AND id <= ? ORDER BY id"));
    connection_ = std::make_unique<Connection>(Connection{std::move(database), std::move(page), generation});
  }
  Statement& row = connection_->page;
  row.bind(1, request.after);
  const std::int64_t end =
      std::min(last_id, request.after + std::min(request.numbers_max, INT64_MAX - request.after));
  row.bind(2, end);
  Page page{.alerts = {}, .through = request.after, .more = false, .left_out = 0};
  std::size_t bytes = 0;
  bool all = true;
  for (;;) {
    const auto more = row.step();
    if (!more) {
      Error error = more.error();
      connection_.reset();
      if (is_corrupt(error)) {
        const std::lock_guard lock(shared.mutex);
        shared.damaged = true;
        shared.work.notify_one();
      }
      return std::unexpected(std::move(error));
    }
    if (!*more) break;
    const auto priority = static_cast<Priority>(row.integer(3));
    const std::string_view rule = row.text(4);
    if (priority > request.least && rule != kTestRule) {
      page.through = row.integer(0);
      ++page.left_out;
      continue;
    }
    const std::string_view line = row.text(5);
    if (page.alerts.size() >= request.alerts_max ||
        (!page.alerts.empty() && bytes + line.size() > request.bytes_max)) {
      all = false;
      break;
    }
    bytes += line.size();
    page.through = row.integer(0);
    page.alerts.push_back(
        {page.through, row.integer(1), row.integer(2), priority, std::string(rule), std::string(line)});
  }
  row.reset();
  if (all) page.through = std::max(page.through, end);  // the rest was evicted, or sent twice
  page.more = page.through < last_id;
  return page;
}

}  // namespace saker::spool
