// The probe's maps, made before its programs are loaded, so that several objects can be loaded side by side
// and share them.
#pragma once

#include <cstdint>

#include "base/result.h"

struct bpf_object;

namespace saker::capture {

// Makes the maps that an object describes and gives them to it; its variables have the values that they have
// now, and constants are frozen. The object is open and not loaded. `ring_bytes`: of a ring buffer, which is
// in a map of maps.
Result<> make_maps(bpf_object& object, std::uint32_t ring_bytes);

// Gives the maps of `from` to `to`, another opening of the same object, instead of its own.
Result<> share_maps(const bpf_object& from, bpf_object& to);

}  // namespace saker::capture
