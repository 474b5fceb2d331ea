// The files whose change means a reload.
#pragma once

#include <string>
#include <vector>

#include "app/config.h"
#include "app/loaded_file.h"
#include "app/options.h"

namespace saker::app {

// Files and directories, as configured.
std::vector<std::string> watched_paths(const Config& config, const Options& options);

// What is in them now; what cannot be read is left out, which is a change as well.
std::vector<LoadedFile> watched_files(const Config& config, const Options& options);

}  // namespace saker::app
