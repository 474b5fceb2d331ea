#include "capture/overlay_layers.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace saker::capture {
namespace {

namespace fs = std::filesystem;

TEST(OverlayLayers, TopmostFirstAndOnlyOfTheStore) {
  std::string name = testing::TempDir() + "layersXXXXXX";
  const fs::path host = mkdtemp(name.data());
  const fs::path store = host / "var/lib/docker/overlay2";
  for (const char* folder : {"top/diff", "top/merged", "base/diff", "l"})
    fs::create_directories(store / folder);
  fs::create_directory_symlink("../base/diff", store / "l/BASE");
  std::ofstream(store / "top/lower") << "l/BASE:l/GONE:../../../../etc:l/../../etc";
  EXPECT_EQ(overlay_layers(host, "/var/lib/docker/overlay2/top/merged"),
            (std::vector<std::string>{store / "top/diff", store / "l/BASE"}));
  EXPECT_TRUE(overlay_layers(host, "/var/lib/docker/overlay2/none/merged").empty());
  EXPECT_TRUE(overlay_layers(host, "/run/containerd/task/rootfs").empty());
  EXPECT_TRUE(overlay_layers(host, "merged").empty());
  fs::remove_all(host);
}

}  // namespace
}  // namespace saker::capture
