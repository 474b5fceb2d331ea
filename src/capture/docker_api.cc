// Docker's API, which Podman's service speaks as well: containers and images are asked with HTTP and answer
// in JSON. Without a version in the path the server takes its own.
#include <fmt/format.h>

#include <utility>

#include "capture/docker_container.h"
#include "capture/image_reference.h"
#include "capture/runtime_api.h"
#include "capture/unix_http.h"

namespace saker::capture {
namespace {

class DockerApi : public RuntimeApi {
 public:
  DockerApi(std::string socket, std::string engine, std::size_t label_bytes_max)
      : http_(std::move(socket)), engine_(std::move(engine)), label_bytes_max_(label_bytes_max) {}

  bool may_run(std::string_view engine) const override {
    // The shape of Docker's cgroup paths is also that of others.
    return engine.empty() || engine == engine_ || (engine == "docker" && engine_ == "podman");
  }

  Result<state::ContainerInfo> describe(const std::string& full_id, const state::ContainerInfo&) override {
    // It becomes part of a path; what Docker and Podman run has nothing else in its id.
    if (full_id.find_first_not_of("0123456789abcdef") != std::string::npos)
      return fail(ErrorCode::kNotFound, "not an id of Docker's");
    TRY_ASSIGN(const std::string body, http_.get(fmt::format("/containers/{}/json", full_id)));
    const auto container = parse_json(body);
    if (!container) return fail(ErrorCode::kIo, fmt::format("{}: the answer is no JSON", http_.socket()));
    state::ContainerInfo info;
    info.engine = engine_;
    fill_from_docker(*container, nullptr, label_bytes_max_, info);
    if (info.image_id) {
      const auto answer = http_.get(fmt::format("/images/sha256:{}/json", *info.image_id));
      const auto image = answer ? parse_json(*answer) : std::nullopt;
      if (image) fill_from_docker_image(*image, info);
    }
    return info;
  }

 private:
  UnixHttp http_;
  std::string engine_;
  std::size_t label_bytes_max_;
};

}  // namespace

std::unique_ptr<RuntimeApi> docker_api(std::string socket, std::string engine, std::size_t label_bytes_max) {
  return std::make_unique<DockerApi>(std::move(socket), std::move(engine), label_bytes_max);
}

}  // namespace saker::capture
