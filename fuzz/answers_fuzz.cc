// What runtimes write and answer is foreign bytes: bundles and Docker's JSON, the CRI's messages, and the
// passwd and group files of containers. The first byte says which.
#include <cstddef>
#include <cstdint>
#include <string>

#include "capture/cri_status.h"
#include "capture/docker_container.h"
#include "capture/image_reference.h"
#include "capture/oci_spec.h"
#include "state/users.h"

using namespace saker;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  state::ContainerInfo info;
  info.name = "web";
  info.image_id = std::string(64, 'a');
  switch (data[0]) {
    case 'c':
      (void)capture::from_container_status(text, 100);
      return 0;
    case 'p':
      (void)capture::add_pod_status(text, 100, info);
      return 0;
    case 'a': {
      state::Users users;
      state::parse_passwd(text, users);
      state::parse_group(text, users);
      return 0;
    }
    case 'n':
      (void)capture::parse_image_reference(text);
      return 0;
    default:
      break;
  }
  const auto json = capture::parse_json(text);
  if (!json) return 0;
  if (data[0] == 's') capture::fill_from_spec(*json, "/run/bundle", 100, info);
  if (data[0] == 'd') capture::fill_from_docker(*json, &*json, 100, info);
  if (data[0] == 'i') capture::fill_from_docker_image(*json, info);
  if (data[0] == 'r') capture::fill_from_docker_repositories(*json, info);
  if (data[0] == 'l') capture::fill_probes(text, info);
  return 0;
}
