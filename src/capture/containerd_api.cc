// containerd's own API, for the containers of clients other than kubelet and Docker (ctr, nerdctl).
#include <utility>
#include <vector>

#include "capture/containerd.pb.h"
#include "capture/image_reference.h"
#include "capture/json_access.h"
#include "capture/runtime_api.h"
#include "capture/unix_http.h"

namespace saker::capture {
namespace {

constexpr std::string_view kCri = "k8s.io", kDocker = "moby";
constexpr int kNamespacesMax = 64;

class ContainerdApi : public RuntimeApi {
 public:
  ContainerdApi(std::string socket, std::size_t label_bytes_max)
      : http_(std::move(socket)), label_bytes_max_(label_bytes_max) {}

  bool may_run(std::string_view engine) const override { return engine.empty() || engine == "containerd"; }

  Result<state::ContainerInfo> describe(const std::string& full_id,
                                        const state::ContainerInfo& known) override {
    if (!known.containerd_namespace.empty()) return describe_in(known.containerd_namespace, full_id);
    TRY_ASSIGN(const std::string answer,
               http_.call("/containerd.services.namespaces.v1.Namespaces/List", ""));
    containerd::ListNamespacesResponse list;
    if (!list.ParseFromString(answer))
      return fail(ErrorCode::kIo, "containerd's answer is no list of namespaces");
    for (int i = 0; i < list.namespaces_size() && i < kNamespacesMax; ++i) {
      auto found = describe_in(list.namespaces(i).name(), full_id);
      if (found || found.error().code != ErrorCode::kNotFound) return found;
    }
    return fail(ErrorCode::kNotFound, "containerd does not have the container");
  }

 private:
  Result<state::ContainerInfo> describe_in(const std::string& space, const std::string& full_id) {
    // Those are better asked for by the ones who made them.
    if (space == kCri || space == kDocker) return fail(ErrorCode::kNotFound, "not containerd's own");
    const std::vector<std::string> headers{"containerd-namespace: " + space};
    containerd::GetContainerRequest ask;
    ask.set_id(full_id);
    TRY_ASSIGN(const std::string answer, http_.call("/containerd.services.containers.v1.Containers/Get",
                                                    ask.SerializeAsString(), headers));
    containerd::GetContainerResponse response;
    if (!response.ParseFromString(answer)) return fail(ErrorCode::kIo, "containerd's answer is no container");
    state::ContainerInfo info;
    info.engine = "containerd";
    info.containerd_namespace = space;
    fill(info.image, response.container().image());
    info.labels.emplace();
    for (const auto& [key, value] : response.container().labels()) {
      if (value.size() <= label_bytes_max_) info.labels->emplace(key, value);
    }
    if (const auto name = info.labels->find("nerdctl/name"); name != info.labels->end())
      info.name = name->second;
    split_image(info);
    if (info.image) fill_digest(headers, info);
    return info;
  }

  void fill_digest(const std::vector<std::string>& headers, state::ContainerInfo& info) {
    containerd::GetImageRequest ask;
    ask.set_name(*info.image);
    const auto answer =
        http_.call("/containerd.services.images.v1.Images/Get", ask.SerializeAsString(), headers);
    containerd::GetImageResponse response;
    if (answer && response.ParseFromString(*answer))
      fill(info.image_digest, response.image().target().digest());
  }

  UnixHttp http_;
  std::size_t label_bytes_max_;
};

}  // namespace

std::unique_ptr<RuntimeApi> containerd_api(std::string socket, std::size_t label_bytes_max) {
  return std::make_unique<ContainerdApi>(std::move(socket), label_bytes_max);
}

}  // namespace saker::capture
