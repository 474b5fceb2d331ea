#include "app/file_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace saker::app {
namespace {

namespace fs = std::filesystem;

class FileWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/saker-watch-XXXXXX";
    root_ = fs::canonical(mkdtemp(name));
    auto opened = FileWatch::open();
    ASSERT_TRUE(opened);
    watch_.emplace(std::move(*opened));
  }
  void TearDown() override { fs::remove_all(root_); }
  static void write(const fs::path& path, const char* text) { std::ofstream(path) << text; }
  bool told() {  // what has happened is told at once
    pollfd source{.fd = watch_->fd(), .events = POLLIN, .revents = 0};
    return poll(&source, 1, 0) > 0 && watch_->read_events();
  }

  fs::path root_;
  std::optional<FileWatch> watch_;
};

TEST_F(FileWatchTest, AFileWrittenRenamedOverOrRemoved) {
  write(root_ / "a.yaml", "1");
  watch_->watch({root_ / "a.yaml"});
  EXPECT_FALSE(told());
  write(root_ / "a.yaml", "2");
  EXPECT_TRUE(told());
  write(root_ / "other", "3");
  told();
  fs::rename(root_ / "other", root_ / "a.yaml");
  EXPECT_TRUE(told());
  fs::remove(root_ / "a.yaml");
  EXPECT_TRUE(told());
  EXPECT_FALSE(told());
}

TEST_F(FileWatchTest, WhatIsNotThereYetIsWaitedFor) {
  watch_->watch({root_ / "rules.d" / "deep" / "a.yaml"});
  fs::create_directories(root_ / "rules.d" / "deep");
  EXPECT_TRUE(told());
  watch_->watch({root_ / "rules.d" / "deep" / "a.yaml"});
  write(root_ / "rules.d" / "deep" / "a.yaml", "1");
  EXPECT_TRUE(told());
}

// A ConfigMap's folder: a.yaml → ..data/a.yaml, ..data → ..1; an update swaps ..data.
TEST_F(FileWatchTest, AConfigMapIsSwapped) {
  fs::create_directory(root_ / "..1");
  fs::create_directory(root_ / "..2");
  fs::create_symlink("..1", root_ / "..data");
  fs::create_symlink("..data/a.yaml", root_ / "a.yaml");
  write(root_ / "..1" / "a.yaml", "1");
  write(root_ / "..2" / "a.yaml", "2");
  for (const fs::path& watched : {root_, root_ / "a.yaml"}) {
    watch_->watch({watched});
    fs::create_symlink("..2", root_ / "..data_tmp");
    told();
    fs::rename(root_ / "..data_tmp", root_ / "..data");
    EXPECT_TRUE(told()) << watched;
  }
}

TEST_F(FileWatchTest, DirectoriesOnTheWayOfLinks) {
  fs::create_directory(root_ / "real");
  fs::create_directory(root_ / "etc");
  write(root_ / "real" / "a.yaml", "1");
  fs::create_symlink(root_ / "real", root_ / "etc" / "link");
  EXPECT_THAT(directories_of(root_ / "etc" / "link" / "a.yaml"),
              testing::ElementsAre((root_ / "etc").string(), (root_ / "real").string()));
  fs::create_symlink("loop", root_ / "loop");
  EXPECT_THAT(directories_of(root_ / "loop"), testing::Contains(root_.string()));  // and it ends
}

}  // namespace
}  // namespace saker::app
