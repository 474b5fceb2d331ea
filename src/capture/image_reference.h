// What an image is called: REPOSITORY[:TAG][@DIGEST]; a colon before the last slash belongs to a registry's
// port.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "state/container_info.h"

namespace saker::capture {

struct ImageReference {
  std::string_view repository, tag, digest;  // empty: not there; digest with "sha256:"
};

// All empty for an image's id, which names none.
ImageReference parse_image_reference(std::string_view text);

// Fills repository, tag and digest from `info.image`, where they are not known.
void split_image(state::ContainerInfo& info);

// The hex digits of "sha256:..."; empty when it is no such id.
std::string_view image_id_digits(std::string_view id);

}  // namespace saker::capture
