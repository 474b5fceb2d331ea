#include "capture/overlay_layers.h"

#include <filesystem>
#include <fstream>

namespace saker::capture {

namespace fs = std::filesystem;

std::vector<std::string> overlay_layers(const std::string& place, const std::string& root) {
  const fs::path merged(root);
  if (merged.filename() != "merged" || !merged.is_absolute()) return {};
  const fs::path own = place + merged.parent_path().string(), store = own.parent_path();
  std::vector<std::string> layers;
  const auto add = [&layers](const fs::path& layer) {
    std::error_code error;
    if (fs::is_directory(layer, error)) layers.push_back(layer);
  };
  add(own / "diff");
  std::ifstream lower(own / "lower");
  // Names with ".." would lead out of the store.
  for (std::string name; std::getline(lower, name, ':');) {
    if (name.starts_with("l/") && name.find('/', 2) == std::string::npos) add(store / name);
  }
  return layers;
}

}  // namespace saker::capture
