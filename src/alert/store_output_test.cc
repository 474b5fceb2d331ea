// The store, with a spool that is real.
#include "alert/store_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "alert/outputs.h"
#include "spool/query.h"

namespace saker::alert {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t kSecond = 1'000'000'000;

class StoreOutputTest : public ::testing::Test {
 protected:
  StoreOutputTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "saker-store-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~StoreOutputTest() override { std::filesystem::remove_all(folder_); }

  static std::string alert(const std::string& rule) {
    return R"({"output":"o","output_fields":{"n":1},"priority":"Warning","rule":")" + rule +
           R"(","source":"syscall","tags":["b","a"],"time":"2026-03-01T12:00:00.000000000Z"})";
  }

  std::vector<std::string> rules() const {
    std::vector<std::string> found;
    const auto count =
        spool::query(folder_, {}, [&](const spool::StoredAlert& one) { found.push_back(one.rule); });
    EXPECT_TRUE(count);
    return found;
  }

  std::string folder_;
};

TEST_F(StoreOutputTest, AnAlertIsThereOnceItIsDelivered) {
  StoreOutput output({.folder = folder_});
  EXPECT_FALSE(output.begin().again);
  EXPECT_THAT(rules(), ElementsAre()) << "an empty store is one";
  EXPECT_EQ(output.write({.line = alert("one")}).delivered, 0U) << "buffered";
  EXPECT_EQ(output.write({.line = "some text", .whole = alert("two")}).delivered, 0U);
  EXPECT_EQ(output.flush().delivered, 2U);
  EXPECT_THAT(rules(), ElementsAre("one", "two"));
  EXPECT_EQ(output.flush().delivered, 0U);
}

TEST_F(StoreOutputTest, WhatIsNoAlertIsLostAndSaysWhy) {
  StoreOutput output({.folder = folder_});
  for (const char* line : {"some text", "{}", "[]"}) {
    const Delivery done = output.write({.line = line});
    EXPECT_EQ(done.lost, 1U) << line;
    EXPECT_THAT(done.problem, HasSubstr("cannot be kept"));
  }
}

TEST_F(StoreOutputTest, WhatIsBufferedIsBounded) {
  StoreOutput output({.folder = folder_});
  std::uint64_t delivered = 0, written = 0;
  while (delivered == 0 && written < 10'000)
    delivered += output.write({.line = alert(std::to_string(++written))}).delivered;
  EXPECT_EQ(delivered, written);
  EXPECT_EQ(rules().size(), written);
}

TEST_F(StoreOutputTest, WhereNoStoreCanBeTheAlertIsTriedAgain) {
  StoreOutput output({.folder = "/proc/none"});
  EXPECT_TRUE(output.begin().again);
  const Delivery done = output.write({.line = alert("one")});
  EXPECT_TRUE(done.again);
  EXPECT_THAT(done.problem, HasSubstr("/proc/none"));
}

TEST_F(StoreOutputTest, AStoreInUseIsTakenOverOnceItIsFree) {
  auto first = std::make_unique<StoreOutput>(StoreOutput::Settings{.folder = folder_});
  EXPECT_FALSE(first->begin().again);
  StoreOutput second({.folder = folder_});
  EXPECT_THAT(second.begin().problem, HasSubstr("another process uses"));
  first.reset();
  EXPECT_FALSE(second.write({.line = alert("one")}).again);
}

TEST_F(StoreOutputTest, TheWorkerStoresEverythingInOrder) {
  const auto outputs =
      Outputs::make({{.name = "store",
                      .settings = "",
                      .make = [this]() -> Result<std::unique_ptr<Output>> {
                        return std::make_unique<StoreOutput>(StoreOutput::Settings{.folder = folder_});
                      }}},
                    nullptr);
  ASSERT_TRUE(outputs);
  std::vector<std::string> sent;
  for (int i = 0; i < 2000; ++i) {
    sent.push_back(std::to_string(i));
    (*outputs)->publish(std::make_shared<Message>(Message{.line = alert(sent.back())}));
  }
  EXPECT_TRUE((*outputs)->stop(60 * kSecond));
  const OutputStats stats = (*outputs)->workers()[0]->stats();
  EXPECT_EQ(stats.delivered, 2000U);
  EXPECT_EQ(stats.lost, 0U);
  EXPECT_EQ(rules(), sent);
}

TEST_F(StoreOutputTest, OnlyTheOwnerMayReadIt) {
  StoreOutput output({.folder = folder_ + "/inner"});
  output.write({.line = alert("one")});
  output.flush();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
    const auto rights = entry.status().permissions();
    EXPECT_EQ(rights & (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
              std::filesystem::perms::none)
        << entry.path();
  }
}

}  // namespace
}  // namespace saker::alert
