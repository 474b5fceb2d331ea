#include "capture/image_reference.h"

#include "capture/json_access.h"

namespace saker::capture {
namespace {

constexpr std::string_view kSha256 = "sha256:";
constexpr std::size_t kDigits = 64;

bool is_digest(std::string_view text) {
  return text.size() == kDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

ImageReference parse_image_reference(std::string_view text) {
  if (is_digest(text) || text.starts_with(kSha256)) return {};
  ImageReference reference;
  if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
    reference.digest = text.substr(at + 1);
    text = text.substr(0, at);
  }
  const std::size_t slash = text.rfind('/');
  const std::size_t colon = text.find(':', slash == std::string_view::npos ? 0 : slash);
  reference.repository = text.substr(0, colon);
  if (colon != std::string_view::npos) reference.tag = text.substr(colon + 1);
  return reference;
}

void split_image(state::ContainerInfo& info) {
  if (!info.image) return;
  const ImageReference reference = parse_image_reference(*info.image);
  fill(info.image_repository, std::string(reference.repository));
  fill(info.image_tag, std::string(reference.tag));
  fill(info.image_digest, std::string(reference.digest));
}

std::string_view image_id_digits(std::string_view id) {
  if (id.starts_with(kSha256)) id.remove_prefix(kSha256.size());
  return is_digest(id) ? id : std::string_view();
}

}  // namespace saker::capture
