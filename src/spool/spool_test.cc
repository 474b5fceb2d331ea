#include "spool/spool.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "spool/query.h"

namespace saker::spool {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class SpoolTest : public ::testing::Test {
 protected:
  SpoolTest() {
    std::string pattern = fs::temp_directory_path() / "saker-spool-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~SpoolTest() override { fs::remove_all(folder_); }

  std::unique_ptr<Spool> open(std::vector<std::string> sinks, SpoolOptions options = {}) {
    options.folder = folder_;
    auto spool = Spool::open(options, std::move(sinks));
    if (!spool) ADD_FAILURE() << spool.error().message;
    return spool ? *std::move(spool) : nullptr;
  }

  static NewAlert alert(int number, Priority priority = Priority::kNotice, std::size_t bytes = 200) {
    const std::string uuid = fmt::format("{:036}", number);
    std::string line = fmt::format(R"({{"uuid":"{}","n":{},"pad":")", uuid, number);
    line.resize(std::max(bytes, line.size()), 'x');
    return {.time_ns = number, .priority = priority, .rule = "r", .uuid = uuid, .line = line};
  }

  static Stored put(Spool& spool, std::vector<NewAlert> alerts) {
    std::promise<Stored> done;
    spool.append(std::move(alerts), [&done](Stored stored) { done.set_value(stored); });
    return done.get_future().get();
  }

  // The numbers of what a sink would read.
  static std::vector<std::int64_t> numbers(Spool& spool, Reader::Request request = {}) {
    const auto page = spool.reader()->read(request);
    if (!page) ADD_FAILURE() << page.error().message;
    std::vector<std::int64_t> all;
    for (const StoredAlert& one : page->alerts) all.push_back(one.time_ns);
    return all;
  }

  static std::uint64_t tallied(const Spool& spool, const std::string& outcome, const std::string& reason) {
    std::uint64_t sum = 0;
    for (const Tally& tally : spool.stats().tallies) {
      if (tally.outcome == outcome && tally.reason == reason) sum += tally.count;
    }
    return sum;
  }

  std::string folder_;
};

using ::testing::ElementsAre;

TEST_F(SpoolTest, WhatIsStoredIsThereAfterARestart) {
  {
    const auto spool = open({"loki"});
    EXPECT_EQ(put(*spool, {alert(1), alert(2)}), Stored::kYes);
    EXPECT_EQ(put(*spool, {alert(3)}), Stored::kYes);
  }
  const auto spool = open({"loki"});
  EXPECT_THAT(numbers(*spool), ElementsAre(1, 2, 3));
  EXPECT_EQ(spool->stats().alerts, 3U);
  EXPECT_EQ(spool->stats().behind.at("loki"), 3U);
}

TEST_F(SpoolTest, ACursorAndItsCountsSurviveAndWhatAllHaveIsRemoved) {
  {
    const auto spool = open({"loki", "slack"});
    put(*spool, {alert(1), alert(2), alert(3)});
    spool->settle("loki", 2,
                  {{.sink = "loki",
                    .outcome = "dropped",
                    .reason = "too_old",
                    .priority = Priority::kNotice,
                    .count = 2}});
    spool->sync();
    EXPECT_EQ(spool->stats().alerts, 3U) << "slack still wants them";
    spool->settle("slack", 1, {});
    spool->sync();
    EXPECT_THAT(numbers(*spool), ElementsAre(2, 3));
  }
  const auto spool = open({"loki", "slack"});
  EXPECT_EQ(spool->cursor("loki"), 2);
  EXPECT_EQ(spool->cursor("slack"), 1);
  EXPECT_EQ(tallied(*spool, "dropped", "too_old"), 2U);
  put(*spool, {alert(4)});
  EXPECT_THAT(numbers(*spool, {.after = 2}), ElementsAre(3, 4));
}

TEST_F(SpoolTest, NumbersAreNeverGivenTwice) {
  {
    const auto spool = open({"loki"});
    put(*spool, {alert(1), alert(2)});
    spool->settle("loki", 2, {});
    spool->sync();
    EXPECT_EQ(spool->stats().alerts, 0U);
  }
  const auto spool = open({"loki"});
  put(*spool, {alert(3)});
  EXPECT_THAT(numbers(*spool, {.after = spool->cursor("loki")}), ElementsAre(3));
}

TEST_F(SpoolTest, AnAlertThatIsSentAgainIsStoredOnce) {
  {
    const auto spool = open({"loki"});
    EXPECT_EQ(put(*spool, {alert(1), alert(2), alert(1)}), Stored::kYes);
    EXPECT_EQ(put(*spool, {alert(2)}), Stored::kYes);
    EXPECT_EQ(spool->stats().duplicates, 2U);
  }
  const auto spool = open({"loki"});
  EXPECT_EQ(put(*spool, {alert(2), alert(3)}), Stored::kYes);
  EXPECT_THAT(numbers(*spool), ElementsAre(1, 2, 3));
}

TEST_F(SpoolTest, PagesAreBoundedAndFiltered) {
  const auto spool = open({"loki"});
  put(*spool, {alert(1, Priority::kDebug), alert(2, Priority::kError), alert(3, Priority::kDebug),
               alert(4, Priority::kCritical), alert(5, Priority::kDebug)});
  EXPECT_THAT(numbers(*spool, {.alerts_max = 2}), ElementsAre(1, 2));
  EXPECT_THAT(numbers(*spool, {.bytes_max = 450}), ElementsAre(1, 2));
  EXPECT_THAT(numbers(*spool, {.bytes_max = 1}), ElementsAre(1)) << "one at least";
  const auto page = spool->reader()->read({.least = Priority::kError});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->alerts.size(), 2U);
  EXPECT_EQ(page->through, 5) << "what is left out at the end is passed, too";
  EXPECT_EQ(page->left_out, 3U);
}

TEST_F(SpoolTest, WhenFullTheOldestOfALowerPriorityMakesRoom) {
  const auto spool = open({"loki"}, {.bytes_max = 10 * (200 + 64)});
  std::vector<NewAlert> first;
  for (int i = 0; i < 4; ++i) first.push_back(alert(i, Priority::kNotice));
  for (int i = 4; i < 10; ++i) first.push_back(alert(i, Priority::kDebug));
  EXPECT_EQ(put(*spool, first), Stored::kYes);
  EXPECT_EQ(put(*spool, {alert(10, Priority::kDebug)}), Stored::kFull) << "nothing is worth less";
  EXPECT_EQ(put(*spool, {alert(11, Priority::kCritical), alert(12, Priority::kCritical)}), Stored::kYes);
  EXPECT_THAT(numbers(*spool), ElementsAre(0, 1, 2, 3, 6, 7, 8, 9, 11, 12));
  EXPECT_EQ(tallied(*spool, "evicted", "full"), 2U);
  std::vector<NewAlert> many;
  for (int i = 20; i < 27; ++i) many.push_back(alert(i, Priority::kError));
  EXPECT_EQ(put(*spool, many), Stored::kYes) << "all of Debug and three of Notice go";
  EXPECT_THAT(numbers(*spool), ElementsAre(3, 11, 12, 20, 21, 22, 23, 24, 25, 26));
  EXPECT_EQ(spool->stats().refused_full, 1U);
}

TEST_F(SpoolTest, WhatASinkHasInHandIsNotEvicted) {
  const auto spool = open({"a", "b"}, {.bytes_max = 10 * (200 + 64)});
  std::vector<NewAlert> first, second;
  for (int i = 1; i <= 10; ++i) first.push_back(alert(i, Priority::kDebug));
  EXPECT_EQ(put(*spool, first), Stored::kYes);
  spool->hold("a", 1, 2);
  spool->hold("b", 5, 6);
  for (int i = 11; i <= 16; ++i) {
    EXPECT_EQ(put(*spool, {alert(i, Priority::kError)}), Stored::kYes);
  }
  EXPECT_THAT(numbers(*spool), ElementsAre(1, 2, 5, 6, 11, 12, 13, 14, 15, 16));
  EXPECT_EQ(put(*spool, {alert(17, Priority::kError)}), Stored::kFull);
  spool->hold("a", 3, 2);  // nothing any more
  EXPECT_EQ(put(*spool, {alert(17, Priority::kError)}), Stored::kYes);
  EXPECT_THAT(numbers(*spool), ElementsAre(2, 5, 6, 11, 12, 13, 14, 15, 16, 17));
  EXPECT_EQ(tallied(*spool, "evicted", "full"), 7U);
}

TEST_F(SpoolTest, KeptAlertsGoFirstAndAreNoLoss) {
  const auto spool = open({}, {.bytes_max = 3 * (200 + 64), .keep = 1h});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(put(*spool, {alert(i)}), Stored::kYes);
  EXPECT_THAT(numbers(*spool), ElementsAre(2, 3, 4));
  EXPECT_EQ(tallied(*spool, "evicted", "full"), 0U);
}

TEST_F(SpoolTest, WhatIsTooOldIsEvictedAndCounted) {
  const auto spool = open({"loki"}, {.age_max = 0s});
  put(*spool, {alert(1), alert(2)});
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (spool->stats().alerts > 0 && std::chrono::steady_clock::now() < deadline) {
    spool->settle("loki", 0, {});
    spool->sync();
  }
  EXPECT_EQ(tallied(*spool, "evicted", "age"), 2U);
}

TEST_F(SpoolTest, TheQueueBeforeTheDiskIsBounded) {
  const auto spool = open({"loki"}, {.queue_bytes_max = 1000});
  std::mutex mutex;
  std::condition_variable changed;
  bool go = false;
  std::atomic<int> full = 0, stored = 0;
  // The first answer holds the writer, so that the queue behind it fills.
  spool->append({alert(0)}, [&](Stored) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return go; });
  });
  for (int i = 1; i < 40; ++i) {
    spool->append({alert(i)}, [&](Stored one) { ++(one == Stored::kFull ? full : stored); });
  }
  {
    const std::lock_guard lock(mutex);
    go = true;
  }
  changed.notify_all();
  spool->sync();
  EXPECT_GT(full, 0);
  EXPECT_EQ(full + stored, 39);
}

TEST_F(SpoolTest, TwoProcessesCannotHaveOneSpool) {
  const auto spool = open({"loki"});
  const auto second = Spool::open({.folder = folder_}, {"loki"});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, ::testing::HasSubstr("another process"));
}

TEST_F(SpoolTest, AFolderThatCannotBeWrittenIsAnError) {
  const auto spool = Spool::open({.folder = "/proc/nothing"}, {});
  ASSERT_FALSE(spool);
  EXPECT_THAT(spool.error().message, ::testing::HasSubstr("/proc/nothing"));
}

TEST_F(SpoolTest, AQueryFindsWhatIsKeptWhileTheSpoolIsInUse) {
  const auto spool = open({}, {.keep = 1h});
  std::vector<NewAlert> alerts;
  for (int i = 0; i < 10; ++i) {
    alerts.push_back(alert(i, i % 2 == 0 ? Priority::kDebug : Priority::kCritical));
    alerts.back().rule = fmt::format("rule_{} 100%", i % 3);
  }
  put(*spool, alerts);
  const auto found = [this](const Query& wanted) {
    std::vector<std::int64_t> times;
    const auto count =
        query(folder_, wanted, [&times](const StoredAlert& one) { times.push_back(one.time_ns); });
    if (!count) ADD_FAILURE() << count.error().message;
    return times;
  };
  EXPECT_THAT(found({.since_ns = 7}), ElementsAre(7, 8, 9));
  EXPECT_THAT(found({.until_ns = 1}), ElementsAre(0, 1));
  EXPECT_THAT(found({.least = Priority::kError}), ElementsAre(1, 3, 5, 7, 9));
  EXPECT_THAT(found({.rule = "RULE_0"}), ElementsAre(0, 3, 6, 9));
  EXPECT_THAT(found({.rule = "rule%0"}), ElementsAre());
  EXPECT_THAT(found({.text = "\"n\":4,"}), ElementsAre(4));
  EXPECT_THAT(found({.most = 2}), ElementsAre(8, 9));
  EXPECT_FALSE(query("/no/such/folder", {}, [](const StoredAlert&) {}));
  EXPECT_EQ(time_before("15m", 0), 900'000'000'000);
  EXPECT_EQ(time_before("1970-01-01T00:00:01Z", 5'000'000'000), 4'000'000'000);
  for (const char* none : {"", "1", "1w", "-1s", "soon"}) EXPECT_EQ(time_before(none, 0), std::nullopt);
}

// The damage is done while nobody has the file open; how much survives depends on where it is.
struct Damage {
  std::string name;
  void (*make)(const std::string& path);
  bool salvages;
};

class DamagedSpool : public SpoolTest, public ::testing::WithParamInterface<Damage> {};

TEST_P(DamagedSpool, IsKeptAsideAndTheServiceGoesOn) {
  constexpr int kAlerts = 3000;
  {
    const auto spool = open({"loki"});
    std::vector<NewAlert> many;
    for (int i = 0; i < kAlerts; ++i) many.push_back(alert(i));
    ASSERT_EQ(put(*spool, many), Stored::kYes);
    spool->settle("loki", 10, {});
    spool->sync();
  }
  GetParam().make(database_path(folder_));
  const auto spool = open({"loki"});
  ASSERT_TRUE(spool);
  EXPECT_EQ(spool->stats().corruptions, 1U);
  if (GetParam().salvages) {
    EXPECT_GT(spool->stats().salvaged, 0U);
    EXPECT_EQ(spool->stats().alerts, spool->stats().salvaged);
  }
  EXPECT_EQ(put(*spool, {alert(kAlerts + 1)}), Stored::kYes);
  bool kept = false;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    kept = kept || entry.path().filename().string().find(".damaged-") != std::string::npos;
  }
  EXPECT_TRUE(kept);
}

void overwrite(const std::string& path, std::uintmax_t from, std::size_t bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(from));
  file << std::string(bytes, '\x5A');
}

INSTANTIATE_TEST_SUITE_P(
    Spool, DamagedSpool,
    ::testing::Values(
        Damage{"NoDatabase",
               [](const std::string& path) { std::ofstream(path) << "hello, this is no database at all"; },
               false},
        Damage{"HeadGone", [](const std::string& path) { overwrite(path, 0, 4096); }, false},
        Damage{"CutInHalf",
               [](const std::string& path) { fs::resize_file(path, fs::file_size(path) / 2 / 4096 * 4096); },
               true},
        Damage{"HoleInTheMiddle",
               [](const std::string& path) { overwrite(path, fs::file_size(path) / 2 / 4096 * 4096, 8192); },
               true}),
    [](const auto& one) { return one.param.name; });

// The promise, tested with the real thing: what was told to be stored is there after kill -9.
TEST_F(SpoolTest, WhatWasAcknowledgedSurvivesKill) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe_ends[0]);
    auto spool = Spool::open({.folder = folder_}, {"loki"});
    if (!spool) ::_exit(1);
    for (int i = 0;; ++i) {
      (*spool)->append({alert(i)}, [i, fd = pipe_ends[1]](Stored stored) {
        if (stored != Stored::kYes) return;
        if (::write(fd, &i, sizeof(i)) < 0) ::_exit(1);
      });
    }
  }
  ::close(pipe_ends[1]);
  int last = -1;
  int acknowledged = 0;
  while (::read(pipe_ends[0], &last, sizeof(last)) == sizeof(last)) {
    if (++acknowledged == 500) ::kill(child, SIGKILL);
  }
  ::close(pipe_ends[0]);
  ::waitpid(child, nullptr, 0);
  const auto spool = open({"loki"});
  const auto page = spool->reader()->read({.alerts_max = 1'000'000, .bytes_max = 1'000'000'000});
  ASSERT_TRUE(page);
  std::set<std::int64_t> there;
  for (const StoredAlert& one : page->alerts) there.insert(one.time_ns);
  EXPECT_TRUE(there.contains(last));
  EXPECT_GE(there.size(), static_cast<std::size_t>(acknowledged));
}

}  // namespace
}  // namespace saker::spool
