// container.* and k8s.*: where it happened.
#include "fields/arena_text.h"
#include "fields/field_rows.h"
#include "fields/lineage.h"
#include "fields/pattern.h"

namespace saker::fields {
namespace {

constexpr std::string_view kHost = "host";

// What a field says on the host, and in a container whose metadata is known.
Value on_host_or(const Subject& s, std::string_view host,
                 const std::optional<std::string> state::ContainerInfo::* member) {
  if (s.where == state::Where::kHost) return Value::text(host);
  if (s.container == nullptr) return {};
  const std::optional<std::string>& known = s.container->info.*member;
  return known ? Value::text(*known) : Value();
}

Value id(const Subject& s) {
  const std::string_view text = container_id(s);
  return text.empty() ? Value() : Value::text(text);
}

Value full_id(const Subject& s) {
  if (s.where == state::Where::kHost) return Value::text(kHost);
  return s.container == nullptr || s.container->full_id.empty() ? Value() : Value::text(s.container->full_id);
}

Value name(const Subject& s) { return on_host_or(s, kHost, &state::ContainerInfo::name); }

template <auto kMember>
Value of_image(const Subject& s) {
  return on_host_or(s, "", kMember);
}

// The shapes of cgroup paths tell some engines apart for certain; Docker's is also that of others, so there
// the runtime has to have answered.
Value type(const Subject& s) {
  if (s.where == state::Where::kHost) return Value::text(kHost);
  if (s.container == nullptr) return {};
  const state::Container& container = *s.container;
  if (container.info.engine)
    return container.info.engine->empty() ? Value() : Value::text(*container.info.engine);
  if (container.engine == "libvirt_lxc") return Value::text("libvirt-lxc");
  const bool certain = container.engine == "lxc" || container.engine == "bpm" || container.engine == "podman";
  return certain ? Value::text(container.engine) : Value();
}

template <auto kMember>
Value flag(const Subject& s) {
  if (s.where == state::Where::kHost) return Value::boolean(false);
  if (s.container == nullptr) return {};
  const std::optional<bool>& known = s.container->info.*kMember;
  return known ? Value::boolean(*known) : Value();
}

// What only containers have.
template <auto kMember>
Value of_container(const Subject& s) {
  if (s.container == nullptr || !(s.container->info.*kMember)) return {};
  return Value::text(*(s.container->info.*kMember));
}

// --- mounts

std::string_view written(const state::Mount& mount, Arena& arena) {
  return concat(arena, {mount.source, ":", mount.destination, ":", mount.mode, ":",
                        mount.writable ? "true" : "false", ":", mount.propagation});
}

Value mounts(const Subject& s, Arena& arena) {
  if (s.where == state::Where::kHost) return Value::text("");
  if (s.container == nullptr || !s.container->info.mounts) return {};
  std::string_view all;
  for (const state::Mount& mount : *s.container->info.mounts)
    all = concat(arena, {all, all.empty() ? "" : ",", written(mount, arena)});
  return Value::text(all);
}

// By position, or the first whose `key` holds a match of the pattern.
const state::Mount* find_mount(const Subject& s, const Argument& argument, std::string state::Mount::* key) {
  if (s.container == nullptr || !s.container->info.mounts) return nullptr;
  const std::vector<state::Mount>& mounts = *s.container->info.mounts;
  if (argument.kind == Argument::Kind::kIndex) {
    const auto index = static_cast<std::size_t>(argument.index);
    return argument.index >= 0 && index < mounts.size() ? &mounts[index] : nullptr;
  }
  const Pattern& pattern = Pattern::of(argument.key);
  for (const state::Mount& mount : mounts) {
    if (pattern.is_in(mount.*key)) return &mount;
  }
  return nullptr;
}

const state::Mount* mount_by_source(const Subject& s, const Argument& argument) {
  return find_mount(s, argument, &state::Mount::source);
}

Value mount(const Subject& s, const Argument& argument, Arena& arena) {
  const state::Mount* found = mount_by_source(s, argument);
  return found == nullptr ? Value() : Value::text(written(*found, arena));
}

Value mount_source(const Subject& s, const Argument& argument, Arena&) {
  const state::Mount* found = find_mount(s, argument, &state::Mount::destination);
  return found == nullptr ? Value() : Value::text(found->source);
}

template <auto kMember>
Value of_mount(const Subject& s, const Argument& argument, Arena&) {
  const state::Mount* found = mount_by_source(s, argument);
  return found == nullptr ? Value() : Value::text(found->*kMember);
}

Value mount_rdwr(const Subject& s, const Argument& argument, Arena&) {
  const state::Mount* found = mount_by_source(s, argument);
  return found == nullptr ? Value() : Value::text(found->writable ? "true" : "false");
}

// --- labels

template <auto kMember>
Value label(const Subject& s, const Argument& argument, Arena&) {
  if (s.container == nullptr || !(s.container->info.*kMember)) return {};
  const state::Labels& known = *(s.container->info.*kMember);
  const auto found = known.find(argument.key);
  return found == known.end() ? Value() : Value::text(found->second);
}

// Without those that only Kubernetes itself reads.
template <auto kMember>
Value labels(const Subject& s, Arena& arena) {
  if (s.container == nullptr || !(s.container->info.*kMember)) return {};
  std::string_view all;
  for (const auto& [key, value] : *(s.container->info.*kMember)) {
    if (key.starts_with("annotation.") || key.starts_with("io.kubernetes.")) continue;
    all = concat(arena, {all, all.empty() ? "" : ", ", key, value.empty() ? "" : ":", value});
  }
  return Value::text(all);
}

// --- pods

Value sandbox_id(const Subject& s) {
  constexpr std::size_t kShortId = 12;
  if (s.container == nullptr || !s.container->info.sandbox_id) return {};
  return Value::text(std::string_view(*s.container->info.sandbox_id).substr(0, kShortId));
}

// A container outside any pod has an address, and no pod's.
Value pod_ip(const Subject& s) {
  return s.container != nullptr && s.container->info.sandbox_id ? of_container<&state::ContainerInfo::ip>(s)
                                                                : Value();
}

// --- health probes

template <auto kMember>
Value probe_command(const Subject& s, Arena& arena) {
  if (s.container == nullptr || !(s.container->info.*kMember)) return {};
  std::string_view all;
  for (const std::string& word : *(s.container->info.*kMember))
    all = concat(arena, {all, all.empty() ? "" : " ", word});
  return Value::text(all);
}

bool runs(const state::Process& process, const state::ProbeCommand& command) {
  std::string_view argv = process.args();
  for (const std::string& word : command) {
    if (argv.size() <= word.size() || !argv.starts_with(word) || argv[word.size()] != '\0') return false;
    argv.remove_prefix(word.size() + 1);
  }
  return argv.empty();
}

// The command itself or what it has started; and it must have been brought in from outside the container, so
// that nobody in it can pass for one.
template <auto kMember>
Value is_probe(const Subject& s) {
  if (s.container == nullptr || s.process == nullptr || !(s.container->info.*kMember)) return {};
  const state::ProbeCommand& command = *(s.container->info.*kMember);
  const state::Process* process = s.process;
  bool found = false;
  each_ancestor(s, [&](const state::Process& parent) {
    const bool from_outside = parent.pid_ns != process->pid_ns;
    found = from_outside && runs(*process, command);
    process = &parent;
    return !from_outside;
  });
  return Value::boolean(found);
}

// The first process of the pid namespace began when the container did, unless that namespace is the host's.
Value start_ts(const Subject& s) {
  constexpr std::uint32_t kHostPidNamespace = 0xeffffffc;  // PROC_PID_INIT_INO
  if (s.where != state::Where::kContainer || s.event->task.pid_ns == kHostPidNamespace) return {};
  return since_epoch(s, s.event->task.init_start_ns);
}
Value since_start(const Subject& s) {
  const Value start = start_ts(s);
  if (start.missing() || start.unsigned_integer() > s.event->wall_ns) return {};
  return Value::unsigned_integer(s.event->wall_ns - start.unsigned_integer());
}

using enum Type;
using C = state::ContainerInfo;
constexpr auto kMountArgument = ArgumentKind::kRequiredIndexOrKey;
constexpr auto kLabelArgument = ArgumentKind::kRequiredKey;

constexpr Field kRows[] = {
    {.name = "container.id",
     .flags = kSuggested,
     .help = "First 12 characters of the container's id, or host.",
     .read = reader<id>},
    {.name = "container.full_id", .help = "The container's whole id, or host.", .read = reader<full_id>},
    {.name = "container.name",
     .flags = kSuggested,
     .help = "Name of the container, or host.",
     .read = reader<name>},
    {.name = "container.image",
     .help = "The image as it was asked for.",
     .read = reader<of_image<&C::image>>},
    {.name = "container.image.id", .help = "Id of the image.", .read = reader<of_image<&C::image_id>>},
    {.name = "container.type",
     .help = "What runs the container: docker, containerd, podman and so on; or host.",
     .read = reader<type>},
    {.name = "container.privileged",
     .type = kBool,
     .help = "True for a container with all privileges.",
     .read = reader<flag<&C::privileged>>},
    {.name = "container.mounts", .help = "All mounts, with commas.", .read = reader<mounts>},
    {.name = "container.mount",
     .argument = kMountArgument,
     .help = "One mount, by its position or source.",
     .read = reader<mount>},
    {.name = "container.mount.source",
     .argument = kMountArgument,
     .help = "Source of one mount.",
     .read = reader<mount_source>},
    {.name = "container.mount.dest",
     .argument = kMountArgument,
     .help = "Destination of one mount.",
     .read = reader<of_mount<&state::Mount::destination>>},
    {.name = "container.mount.mode",
     .argument = kMountArgument,
     .help = "Mode of one mount.",
     .read = reader<of_mount<&state::Mount::mode>>},
    {.name = "container.mount.rdwr",
     .argument = kMountArgument,
     .help = "Whether one mount is writable.",
     .read = reader<mount_rdwr>},
    {.name = "container.mount.propagation",
     .argument = kMountArgument,
     .help = "Propagation of one mount.",
     .read = reader<of_mount<&state::Mount::propagation>>},
    {.name = "container.image.repository",
     .flags = kSuggested,
     .help = "The image's repository, without its tag.",
     .read = reader<of_image<&C::image_repository>>},
    {.name = "container.image.tag",
     .flags = kSuggested,
     .help = "Tag of the image.",
     .read = reader<of_image<&C::image_tag>>},
    {.name = "container.image.digest",
     .help = "Digest of the image in its registry.",
     .read = reader<of_image<&C::image_digest>>},
    {.name = "container.healthcheck",
     .flags = kDeprecated,
     .help = "Command of the image's health check.",
     .read = reader<probe_command<&C::healthcheck>>},
    {.name = "container.liveness_probe",
     .flags = kDeprecated,
     .help = "Command of the liveness probe.",
     .read = reader<probe_command<&C::liveness_probe>>},
    {.name = "container.readiness_probe",
     .flags = kDeprecated,
     .help = "Command of the readiness probe.",
     .read = reader<probe_command<&C::readiness_probe>>},
    {.name = "container.start_ts",
     .type = kAbsTime,
     .help =
         "When the container's first process started, since the epoch; of containers with pids of their own.",
     .read = reader<start_ts>},
    {.name = "container.duration",
     .type = kRelTime,
     .help = "Nanoseconds since container.start_ts.",
     .read = reader<since_start>},
    {.name = "container.ip", .help = "Address of the container.", .read = reader<of_container<&C::ip>>},
    {.name = "container.cni.json",
     .help = "What the network plugin answered.",
     .read = reader<of_container<&C::cni_json>>},
    {.name = "container.host_pid",
     .type = kBool,
     .help = "True when it sees the host's processes.",
     .read = reader<flag<&C::host_pid>>},
    {.name = "container.host_network",
     .type = kBool,
     .help = "True when it uses the host's network.",
     .read = reader<flag<&C::host_network>>},
    {.name = "container.host_ipc",
     .type = kBool,
     .help = "True when it shares the host's IPC.",
     .read = reader<flag<&C::host_ipc>>},
    {.name = "container.label",
     .argument = kLabelArgument,
     .help = "One label of the container.",
     .read = reader<label<&C::labels>>},
    {.name = "container.labels",
     .help = "All labels of the container, with commas.",
     .read = reader<labels<&C::labels>>},
    {.name = "proc.is_container_healthcheck",
     .type = kBool,
     .flags = kDeprecated,
     .help = "True for the health check and what it starts.",
     .read = reader<is_probe<&C::healthcheck>>},
    {.name = "proc.is_container_liveness_probe",
     .type = kBool,
     .flags = kDeprecated,
     .help = "True for the liveness probe and what it starts.",
     .read = reader<is_probe<&C::liveness_probe>>},
    {.name = "proc.is_container_readiness_probe",
     .type = kBool,
     .flags = kDeprecated,
     .help = "True for the readiness probe and what it starts.",
     .read = reader<is_probe<&C::readiness_probe>>},
    {.name = "k8s.pod.name",
     .flags = kSuggested,
     .help = "Name of the pod.",
     .read = reader<of_container<&C::k8s_pod_name>>},
    {.name = "k8s.ns.name",
     .flags = kSuggested,
     .help = "Namespace of the pod.",
     .read = reader<of_container<&C::k8s_ns_name>>},
    {.name = "k8s.pod.id", .help = "The same as k8s.pod.uid.", .read = reader<of_container<&C::k8s_pod_uid>>},
    {.name = "k8s.pod.uid", .help = "Unique id of the pod.", .read = reader<of_container<&C::k8s_pod_uid>>},
    {.name = "k8s.pod.sandbox_id",
     .help = "First 12 characters of the id of the pod's sandbox.",
     .read = reader<sandbox_id>},
    {.name = "k8s.pod.full_sandbox_id",
     .help = "Whole id of the pod's sandbox.",
     .read = reader<of_container<&C::sandbox_id>>},
    {.name = "k8s.pod.label",
     .argument = kLabelArgument,
     .help = "One label of the pod.",
     .read = reader<label<&C::pod_labels>>},
    {.name = "k8s.pod.labels",
     .help = "All labels of the pod, with commas.",
     .read = reader<labels<&C::pod_labels>>},
    {.name = "k8s.pod.ip", .help = "Address of the pod.", .read = reader<pod_ip>},
    {.name = "k8s.pod.cni.json",
     .help = "What the network plugin answered for the pod.",
     .read = reader<of_container<&C::cni_json>>},
    {.name = "k8s.rc.name", .flags = kDeprecated, .never = true, .help = "Retired."},
    {.name = "k8s.rc.id", .flags = kDeprecated, .never = true, .help = "Retired."},
    {.name = "k8s.rc.label",
     .argument = kLabelArgument,
     .flags = kDeprecated,
     .never = true,
     .help = "Retired."},
    {.name = "k8s.rc.labels", .flags = kDeprecated, .never = true, .help = "Retired."},
    {.name = "k8s.svc.name", .flags = kDeprecated, .never = true, .help = "Retired."},
    {.name = "k8s.svc.id", .flags = kDeprecated, .never = true, .help = "Retired."},
    {.name = "k8s.svc.label",
     .argument = kLabelArgument,
     .flags = kDeprecated,
     .never = true,
     .help = "Retired."},
    {.name = "k8s.svc.labels", .flags = kDeprecated, .never = true, .help = "Retired."},
    {.name = "k8s.rs.name", .flags = kDeprecated, .never = true, .help = "Retired."},
    {.name = "k8s.rs.id", .flags = kDeprecated, .never = true, .help = "Retired."},
    {.name = "k8s.rs.label",
     .argument = kLabelArgument,
     .flags = kDeprecated,
     .never = true,
     .help = "Retired."},
    {.name = "k8s.rs.labels", .flags = kDeprecated, .never = true, .help = "Retired."},
    {.name = "k8s.deployment.name", .flags = kDeprecated, .never = true, .help = "Retired."},
    {.name = "k8s.deployment.id", .flags = kDeprecated, .never = true, .help = "Retired."},
    {.name = "k8s.deployment.label",
     .argument = kLabelArgument,
     .flags = kDeprecated,
     .never = true,
     .help = "Retired."},
    {.name = "k8s.deployment.labels", .flags = kDeprecated, .never = true, .help = "Retired."},
    {.name = "k8s.ns.id", .flags = kDeprecated, .never = true, .help = "Retired."},
    {.name = "k8s.ns.label",
     .argument = kLabelArgument,
     .flags = kDeprecated,
     .never = true,
     .help = "Retired."},
    {.name = "k8s.ns.labels", .flags = kDeprecated, .never = true, .help = "Retired."},
};

}  // namespace

std::string_view container_id(const Subject& subject) {
  if (subject.where == state::Where::kHost) return kHost;
  return subject.container == nullptr ? std::string_view() : subject.container->id;
}

std::span<const Field> container_fields() { return kRows; }

}  // namespace saker::fields
