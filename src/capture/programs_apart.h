// Programs of the probe that are loaded as an object of their own, which shares the maps of the others: the
// kernel verifies one object's programs in turn, and those of several at once.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "capture/probe_maps.h"
#include "capture/probe_object.h"

namespace saker::capture {

struct LoadedProgram {
  std::string name;
  UniqueFd fd;
  std::size_t instructions = 0;
};

// `maps`: to share; they must stay open meanwhile. From any thread.
Result<std::vector<LoadedProgram>> load_apart(const ProbeVariant& variant,
                                              std::span<const std::string_view> names, const MapFds& maps);

}  // namespace saker::capture
