// The probe's maps, made before its programs are loaded, so that several objects can be loaded side by side
// and share them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

struct bpf_object;

namespace saker::capture {

// Makes the maps that an object describes and gives them to it; its variables have the values that they have
// now, and constants are frozen. The object is open and not loaded. `ring_bytes`: of a ring buffer, which is
// in a map of maps.
Result<> make_maps(bpf_object& object, std::uint32_t ring_bytes);

// By name; the descriptors are the object's.
using MapFds = std::vector<std::pair<std::string, int>>;
MapFds map_fds(const bpf_object& object);

// Gives these maps to another opening of the same object, instead of its own.
Result<> share_maps(const MapFds& maps, bpf_object& with);

}  // namespace saker::capture
