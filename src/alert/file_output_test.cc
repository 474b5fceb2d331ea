#include "alert/file_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"

namespace saker::alert {
namespace {

class FileOutputTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/saker-file-XXXXXX";
    directory_ = mkdtemp(name);
    path_ = directory_ / "alerts";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string content(const std::filesystem::path& path) { return read_file(path).value_or("<none>"); }

  std::filesystem::path directory_, path_;
};

TEST_F(FileOutputTest, LinesAreAppended) {
  for (const bool keep_alive : {false, true}) {
    auto output = FileOutput::open({.path = path_, .keep_alive = keep_alive});
    ASSERT_TRUE(output);
    EXPECT_EQ((*output)->write({.line = "one"}).delivered, 1U);
    EXPECT_EQ((*output)->write({.line = "two"}).delivered, 1U);
  }
  EXPECT_EQ(content(path_), "one\ntwo\none\ntwo\n");
}

TEST_F(FileOutputTest, ARotatedFileGoesOnUnderItsName) {
  for (const bool keep_alive : {false, true}) {
    SCOPED_TRACE(keep_alive);
    auto output = FileOutput::open({.path = path_, .keep_alive = keep_alive});
    ASSERT_TRUE(output);
    (*output)->write({.line = "one"});
    const auto rotated = directory_ / "rotated";
    std::filesystem::rename(path_, rotated);
    (*output)->write({.line = "two"});
    (*output)->reopen();
    (*output)->write({.line = "three"});
    EXPECT_EQ(content(rotated), keep_alive ? "one\ntwo\n" : "one\n");
    EXPECT_EQ(content(path_), keep_alive ? "three\n" : "two\nthree\n");
    std::filesystem::remove(path_);
  }
}

TEST_F(FileOutputTest, AMissingFolderIsSaidAtOnceAndLater) {
  const auto missing = FileOutput::open({.path = directory_ / "no" / "alerts"});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, testing::HasSubstr("No such file or directory"));
  auto output = FileOutput::open({.path = path_});
  ASSERT_TRUE(output);
  std::filesystem::remove_all(directory_);
  EXPECT_EQ((*output)->write({.line = "x"}).lost, 1U);
}

TEST(FileOutput, AFullDiskIsALoss) {
  auto output = FileOutput::open({.path = "/dev/full", .keep_alive = true});
  ASSERT_TRUE(output);
  const Delivery done = (*output)->write({.line = "x"});
  EXPECT_EQ(done.lost, 1U);
  EXPECT_THAT(done.problem, testing::HasSubstr("No space left"));
}

}  // namespace
}  // namespace saker::alert
