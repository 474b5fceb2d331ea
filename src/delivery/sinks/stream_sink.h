// Lines to a file (synced at the end of each batch) or to standard output.
#pragma once

#include <memory>
#include <string>

#include "delivery/sink.h"

namespace saker::delivery {

std::unique_ptr<Sink> make_file_sink(std::string path);
std::unique_ptr<Sink> make_stdout_sink();

}  // namespace saker::delivery
