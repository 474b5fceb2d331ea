// The Container Runtime Interface: containerd's (K3s and others) and CRI-O's.
#include <utility>

#include "capture/cri.pb.h"
#include "capture/cri_status.h"
#include "capture/runtime_api.h"
#include "capture/unix_http.h"

namespace saker::capture {
namespace {

class CriApi : public RuntimeApi {
 public:
  CriApi(std::string socket, std::size_t label_bytes_max)
      : http_(std::move(socket)), label_bytes_max_(label_bytes_max) {}

  // The path of a container below kubelet's cgroups may have Docker's shape.
  bool may_run(std::string_view engine) const override {
    return engine.empty() || engine == "cri" || engine == "cri-o" || engine == "containerd" ||
           engine == "docker";
  }

  Result<state::ContainerInfo> describe(const std::string& full_id,
                                        const state::ContainerInfo& known) override {
    cri::ContainerStatusRequest ask;
    ask.set_container_id(full_id);
    ask.set_verbose(true);
    const auto answer = http_.call("/runtime.v1.RuntimeService/ContainerStatus", ask.SerializeAsString());
    if (!answer)
      return answer.error().code == ErrorCode::kNotFound ? describe_sandbox(full_id) : error(answer);
    TRY_ASSIGN(state::ContainerInfo info, from_container_status(*answer, label_bytes_max_));
    if (!info.sandbox_id) info.sandbox_id = known.sandbox_id;
    if (info.sandbox_id) {
      const auto pod = ask_pod(*info.sandbox_id);
      if (pod) TRY(add_pod_status(*pod, label_bytes_max_, info));
      // Half of the story would be taken for the whole.
      if (!pod && pod.error().code != ErrorCode::kNotFound) return error(pod);
    }
    info.engine = runtime_name();
    return info;
  }

 private:
  static std::unexpected<Error> error(const Result<std::string>& answer) {
    return std::unexpected<Error>(answer.error());
  }

  // The process that keeps a pod's namespaces is a container that the interface knows as a pod only.
  Result<state::ContainerInfo> describe_sandbox(const std::string& full_id) {
    TRY_ASSIGN(const std::string pod, ask_pod(full_id));
    state::ContainerInfo info;
    TRY(add_pod_status(pod, label_bytes_max_, info));
    info.engine = runtime_name();
    return info;
  }

  Result<std::string> ask_pod(const std::string& sandbox_id) {
    cri::PodSandboxStatusRequest ask;
    ask.set_pod_sandbox_id(sandbox_id);
    ask.set_verbose(true);
    return http_.call("/runtime.v1.RuntimeService/PodSandboxStatus", ask.SerializeAsString());
  }

  // Falco tells containerd and CRI-O apart, and calls all others "cri".
  std::string runtime_name() {
    if (!runtime_name_.empty()) return runtime_name_;
    const auto answer =
        http_.call("/runtime.v1.RuntimeService/Version", cri::VersionRequest().SerializeAsString());
    cri::VersionResponse version;
    if (!answer || !version.ParseFromString(*answer)) return "cri";
    const std::string& name = version.runtime_name();
    runtime_name_ = name == "containerd" || name == "cri-o" ? name : "cri";
    return runtime_name_;
  }

  UnixHttp http_;
  std::size_t label_bytes_max_;
  std::string runtime_name_;
};

}  // namespace

std::unique_ptr<RuntimeApi> cri_api(std::string socket, std::size_t label_bytes_max) {
  return std::make_unique<CriApi>(std::move(socket), label_bytes_max);
}

}  // namespace saker::capture
