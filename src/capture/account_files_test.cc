#include "capture/account_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "base/lacking_for_tests.h"

namespace saker::capture {
namespace {

namespace fs = std::filesystem;

class AccountFiles : public testing::Test {
 protected:
  AccountFiles() {
    std::string name = testing::TempDir() + "accountsXXXXXX";
    root_ = mkdtemp(name.data());
    fs::create_directories(root_ / "etc");
  }
  ~AccountFiles() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text) { std::ofstream(root_ / name) << text; }
  // The name of user 7, "?" when it has none, "same" when nothing was read.
  std::string read() {
    std::vector<UniqueFd> layers;
    for (const char* layer : {"", "lower"}) {
      if (UniqueFd folder = open_root(root_ / layer)) layers.push_back(std::move(folder));
    }
    const auto users = read_accounts(layers, stamps_);
    if (!users) return "same";
    const state::User* user = (*users)->find_user(7);
    return user == nullptr ? "?" : user->name;
  }

  fs::path root_;
  AccountStamps stamps_;
};

TEST_F(AccountFiles, ReadsThemAgainWhenTheyChange) {
  SAKER_SKIP_WITHOUT(openat2);
  write("etc/passwd", "web:x:7:7::/srv:/bin/sh\n");
  EXPECT_EQ(read(), "web");
  EXPECT_EQ(read(), "same");
  // As useradd and vipw do it.
  write("etc/passwd+", "www:x:7:7::/srv:/bin/sh\n");
  fs::rename(root_ / "etc/passwd+", root_ / "etc/passwd");
  EXPECT_EQ(read(), "www");
  write("etc/group", "staff:x:9:\n");
  EXPECT_EQ(read(), "www");
  fs::remove(root_ / "etc/passwd");
  EXPECT_EQ(read(), "?");
  EXPECT_EQ(read(), "same");
}

TEST_F(AccountFiles, NoFilesAreNothingNew) { EXPECT_EQ(read(), "same"); }

TEST_F(AccountFiles, ALayerHidesThoseBelow) {
  SAKER_SKIP_WITHOUT(openat2);
  fs::create_directories(root_ / "lower/etc");
  write("lower/etc/passwd", "below:x:7:7:::\n");
  EXPECT_EQ(read(), "below");
  write("etc/passwd", "above:x:7:7:::\n");
  EXPECT_EQ(read(), "above");
  fs::remove(root_ / "etc/passwd");
  // How an overlay marks what was removed.
  if (mknod((root_ / "etc/passwd").c_str(), S_IFCHR, 0) != 0) GTEST_SKIP() << "no right to make devices";
  EXPECT_EQ(read(), "?");
}

TEST_F(AccountFiles, ALinkDoesNotLeadOut) {
  SAKER_SKIP_WITHOUT(openat2);
  write("etc/other", "inside:x:7:7:::\n");
  fs::create_symlink("/etc/other", root_ / "etc/passwd");
  EXPECT_EQ(read(), "inside");
  fs::remove(root_ / "etc/passwd");
  fs::create_symlink("../../../../../../etc/hostname", root_ / "etc/passwd");
  EXPECT_EQ(read(), "?");  // below the root there is none
}

TEST_F(AccountFiles, APipeDoesNotHoldUs) {
  ASSERT_EQ(mkfifo((root_ / "etc/passwd").c_str(), 0600), 0);
  EXPECT_EQ(read(), "same");
}

}  // namespace
}  // namespace saker::capture
