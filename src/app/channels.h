// The outputs that a configuration asks for.
#pragma once

#include <vector>

#include "alert/output_worker.h"
#include "app/config.h"

namespace saker::app {

// Says in the log what cannot be had here. Opens nothing yet.
std::vector<alert::Channel> channels_of(const Config& config);

// Whether standard output is a terminal that shall have alerts for people.
bool for_terminal(const Config& config);

// Whether some of them write files.
bool writes_files(const Config& config);

}  // namespace saker::app
