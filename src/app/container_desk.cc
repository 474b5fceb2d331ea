#include "app/container_desk.h"

#include <utility>

#include "capture/account_files.h"
#include "capture/image_reference.h"

namespace saker::app {
namespace {

// How long after a change of passwd or group an old name may still be told.
constexpr std::uint64_t kAccountsCheckNs = 500'000'000;
constexpr std::size_t kShortId = 12;
// A container that lives in the host's root has no other.
constexpr std::uint32_t kProgramsAskedMax = 8;

}  // namespace

ContainerDesk::ContainerDesk(state::Containers& containers, const std::string& host_root,
                             const MetadataSettings& settings)
    : containers_(containers), settings_(settings), resolver_(host_root, settings.engines) {
  if (const auto& fixed = settings_.engines.fixed) {
    state::Container container;
    container.full_id = fixed->id;
    container.id = fixed->id.substr(0, kShortId);
    container.asked = true;
    container.info.engine = "static";
    container.info.name = fixed->name;
    container.info.image = fixed->image;
    capture::split_image(container.info);
    containers_.set_fixed(std::move(container));
  }
  capture::AccountStamps stamps;
  if (const UniqueFd root = capture::open_root(host_root + "/")) {
    if (auto users = capture::read_accounts({&root, 1}, stamps)) host_users_ = std::move(*users);
  }
}

std::uint8_t ContainerDesk::engine_bits(const capture::ContainerEngines& engines) {
  using namespace state;
  std::uint8_t bits = 0;
  if (engines.docker.enabled) bits |= kDocker;
  if (engines.podman.enabled) bits |= kPodman;
  if (engines.cri.enabled) bits |= kCri;
  if (engines.containerd.enabled) bits |= kContainerd;
  if (engines.lxc) bits |= kLxc;
  if (engines.libvirt_lxc) bits |= kLibvirtLxc;
  if (engines.bpm) bits |= kBpm;
  return bits;
}

void ContainerDesk::look_at(state::Container& container, std::uint64_t now_ns) {
  if (std::exchange(container.asked, true)) return;
  if (!resolver_.ask(container.full_id, container.engine)) return;
  container.info_pending = container.users_pending = true;
  container.wait_until_ns = now_ns + settings_.wait_ns;
}

void ContainerDesk::on_program(state::Container& container, std::uint32_t pid, std::uint64_t now_ns) {
  // The first may be the runtime's, which has not entered the container's root yet.
  if (container.users_of_process || container.programs_asked >= kProgramsAskedMax) return;
  ++container.programs_asked;
  container.users_check_ns = now_ns + kAccountsCheckNs;
  if (resolver_.ask_accounts(container.full_id, pid, /*must_answer=*/true)) container.users_pending = true;
}

void ContainerDesk::before_judging(state::Container* container, std::uint32_t pid, std::uint64_t now_ns) {
  std::uint64_t& check_ns = container == nullptr ? host_check_ns_ : container->users_check_ns;
  if (now_ns < check_ns) [[likely]]
    return;
  check_ns = now_ns + kAccountsCheckNs;
  if (container == nullptr) {
    resolver_.ask_accounts({}, 0, /*must_answer=*/false);
  } else {
    resolver_.ask_accounts(container->full_id, pid, /*must_answer=*/false);
  }
}

bool ContainerDesk::take_answers() {
  bool any = false;
  resolver_.take([&](capture::MetadataAnswer& answer) {
    any = true;
    if (answer.full_id.empty()) {
      if (answer.users) host_users_ = std::move(answer.users);
      return;
    }
    state::Container* container = containers_.find(answer.full_id);
    if (container == nullptr) return;
    if (answer.info) container->info = std::move(*answer.info);
    if (answer.info_complete) container->info_pending = false;
    if (answer.users) container->users = std::move(answer.users);
    if (answer.users_complete) container->users_pending = false;
    container->users_of_process |= answer.users_of_process;
  });
  return any;
}

void ContainerDesk::keep_house() {
  containers_.purge([this](const state::Container& container) { resolver_.forget(container.full_id); });
}

}  // namespace saker::app
