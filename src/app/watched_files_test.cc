#include "app/watched_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace saker::app {
namespace {

namespace fs = std::filesystem;

class WatchedFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/saker-watched-XXXXXX";
    root_ = fs::canonical(mkdtemp(name));
  }
  void TearDown() override { fs::remove_all(root_); }
  static void write(const fs::path& path, const char* text) { std::ofstream(path) << text; }
  void watch(const fs::path& path) {
    config_.rules_files = {path};
    changed();
  }
  bool changed() {
    auto now = stamps_of_watched_files(config_, {});
    return std::exchange(stamps_, now) != now;
  }

  fs::path root_;
  Config config_;
  std::vector<FileStamp> stamps_;
};

TEST_F(WatchedFilesTest, AFileWrittenRenamedOverOrRemoved) {
  write(root_ / "a.yaml", "1");
  watch(root_ / "a.yaml");
  EXPECT_FALSE(changed());
  write(root_ / "a.yaml", "12");
  EXPECT_TRUE(changed());
  write(root_ / "other", "34");
  EXPECT_FALSE(changed());
  fs::rename(root_ / "other", root_ / "a.yaml");
  EXPECT_TRUE(changed());
  fs::remove(root_ / "a.yaml");
  EXPECT_TRUE(changed());
  EXPECT_FALSE(changed());
}

TEST_F(WatchedFilesTest, WhatIsNotThereYetIsWaitedFor) {
  watch(root_ / "rules.d" / "deep" / "a.yaml");
  EXPECT_FALSE(changed());
  fs::create_directories(root_ / "rules.d" / "deep");
  write(root_ / "rules.d" / "deep" / "a.yaml", "1");
  EXPECT_TRUE(changed());
}

TEST_F(WatchedFilesTest, OfADirectoryItsYamlFilesCount) {
  watch(root_);
  write(root_ / "notes.txt", "1");
  EXPECT_FALSE(changed());
  write(root_ / "b.yml", "1");
  EXPECT_TRUE(changed());
  fs::remove(root_ / "b.yml");
  EXPECT_TRUE(changed());
}

// A ConfigMap's folder: a.yaml → ..data/a.yaml, ..data → ..1; an update swaps ..data.
TEST_F(WatchedFilesTest, AConfigMapIsSwapped) {
  fs::create_directory(root_ / "..1");
  fs::create_directory(root_ / "..2");
  fs::create_symlink("..1", root_ / "..data");
  fs::create_symlink("..data/a.yaml", root_ / "a.yaml");
  write(root_ / "..1" / "a.yaml", "1");
  write(root_ / "..2" / "a.yaml", "2");
  for (const fs::path target : {"..2", "..1"}) {
    watch(target == "..2" ? root_ : root_ / "a.yaml");
    fs::create_symlink(target, root_ / "..data_tmp");
    EXPECT_FALSE(changed());
    fs::rename(root_ / "..data_tmp", root_ / "..data");
    EXPECT_TRUE(changed()) << target;
  }
}

TEST_F(WatchedFilesTest, TheirContentIsReadInOrder) {
  write(root_ / "b.yaml", "2");
  write(root_ / "a.yaml", "1");
  config_.rules_files = {root_, root_ / "missing.yaml"};
  const auto files = watched_files(config_, {});
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].path, root_ / "a.yaml");
  EXPECT_EQ(files[1].path, root_ / "b.yaml");
  EXPECT_NE(files[0].sha256, files[1].sha256);
}

}  // namespace
}  // namespace saker::app
