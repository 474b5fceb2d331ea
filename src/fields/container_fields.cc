// container.* and k8s.*: where it happened.
#include "fields/field_rows.h"

namespace saker::fields {
namespace {

constexpr std::string_view kHost = "host";

// What a field says on the host, and in a container whose metadata is known.
Value on_host_or(const Subject& s, std::string_view host,
                 const std::optional<std::string> state::Container::* member) {
  if (s.where == state::Where::kHost) return Value::text(host);
  if (s.container == nullptr) return {};
  const std::optional<std::string>& known = s.container->*member;
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

Value name(const Subject& s) { return on_host_or(s, kHost, &state::Container::name); }

template <auto kMember>
Value of_image(const Subject& s) {
  return on_host_or(s, "", kMember);
}

// The shapes of cgroup paths tell some engines apart for certain; Docker's is also that of others, so there
// the runtime has to have answered.
Value type(const Subject& s) {
  if (s.where == state::Where::kHost) return Value::text(kHost);
  if (s.container == nullptr || s.container->engine.empty()) return {};
  const state::Container& container = *s.container;
  if (container.engine == "libvirt_lxc") return Value::text("libvirt-lxc");
  const bool answered = container.complete || container.name || container.image;
  const bool certain = container.engine == "lxc" || container.engine == "bpm" || container.engine == "podman";
  return answered || certain ? Value::text(container.engine) : Value();
}

// Only the host's answer is known.
Value text_on_host(const Subject& s) { return s.where == state::Where::kHost ? Value::text("") : Value(); }
Value false_on_host(const Subject& s) {
  return s.where == state::Where::kHost ? Value::boolean(false) : Value();
}

template <auto kMember>
Value of_pod(const Subject& s) {
  if (s.container == nullptr || !(s.container->*kMember)) return {};
  return Value::text(*(s.container->*kMember));
}

using enum Type;
using C = state::Container;
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
    {.name = "container.image.id", .help = "Id of the image.", .read = reader<text_on_host>},
    {.name = "container.type",
     .help = "What runs the container: docker, containerd, podman and so on; or host.",
     .read = reader<type>},
    {.name = "container.privileged",
     .type = kBool,
     .help = "True for a container with all privileges.",
     .read = reader<false_on_host>},
    {.name = "container.mounts", .help = "All mounts, with commas.", .read = reader<text_on_host>},
    {.name = "container.mount", .argument = kMountArgument, .help = "One mount, by its position or source."},
    {.name = "container.mount.source", .argument = kMountArgument, .help = "Source of one mount."},
    {.name = "container.mount.dest", .argument = kMountArgument, .help = "Destination of one mount."},
    {.name = "container.mount.mode", .argument = kMountArgument, .help = "Mode of one mount."},
    {.name = "container.mount.rdwr", .argument = kMountArgument, .help = "Whether one mount is writable."},
    {.name = "container.mount.propagation", .argument = kMountArgument, .help = "Propagation of one mount."},
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
     .read = reader<text_on_host>},
    {.name = "container.healthcheck", .flags = kDeprecated, .help = "Retired."},
    {.name = "container.liveness_probe", .flags = kDeprecated, .help = "Retired."},
    {.name = "container.readiness_probe", .flags = kDeprecated, .help = "Retired."},
    {.name = "container.start_ts", .type = kAbsTime, .help = "When the container's first process started."},
    {.name = "container.duration", .type = kRelTime, .help = "Nanoseconds since container.start_ts."},
    {.name = "container.ip", .help = "Address of the container."},
    {.name = "container.cni.json", .help = "What the network plugin answered."},
    {.name = "container.host_pid", .type = kBool, .help = "True when it sees the host's processes."},
    {.name = "container.host_network", .type = kBool, .help = "True when it uses the host's network."},
    {.name = "container.host_ipc", .type = kBool, .help = "True when it shares the host's IPC."},
    {.name = "container.label", .argument = kLabelArgument, .help = "One label of the container."},
    {.name = "container.labels", .help = "All labels of the container, with commas."},
    {.name = "proc.is_container_healthcheck", .type = kBool, .flags = kDeprecated, .help = "Retired."},
    {.name = "proc.is_container_liveness_probe", .type = kBool, .flags = kDeprecated, .help = "Retired."},
    {.name = "proc.is_container_readiness_probe", .type = kBool, .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.pod.name",
     .flags = kSuggested,
     .help = "Name of the pod.",
     .read = reader<of_pod<&C::k8s_pod_name>>},
    {.name = "k8s.ns.name",
     .flags = kSuggested,
     .help = "Namespace of the pod.",
     .read = reader<of_pod<&C::k8s_ns_name>>},
    {.name = "k8s.pod.id", .help = "The same as k8s.pod.uid.", .read = reader<of_pod<&C::k8s_pod_uid>>},
    {.name = "k8s.pod.uid", .help = "Unique id of the pod.", .read = reader<of_pod<&C::k8s_pod_uid>>},
    {.name = "k8s.pod.sandbox_id", .help = "First 12 characters of the id of the pod's sandbox."},
    {.name = "k8s.pod.full_sandbox_id", .help = "Whole id of the pod's sandbox."},
    {.name = "k8s.pod.label", .argument = kLabelArgument, .help = "One label of the pod."},
    {.name = "k8s.pod.labels", .help = "All labels of the pod, with commas."},
    {.name = "k8s.pod.ip", .help = "Address of the pod."},
    {.name = "k8s.pod.cni.json", .help = "What the network plugin answered for the pod."},
    {.name = "k8s.rc.name", .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.rc.id", .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.rc.label", .argument = kLabelArgument, .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.rc.labels", .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.svc.name", .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.svc.id", .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.svc.label", .argument = kLabelArgument, .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.svc.labels", .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.rs.name", .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.rs.id", .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.rs.label", .argument = kLabelArgument, .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.rs.labels", .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.deployment.name", .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.deployment.id", .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.deployment.label", .argument = kLabelArgument, .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.deployment.labels", .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.ns.id", .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.ns.label", .argument = kLabelArgument, .flags = kDeprecated, .help = "Retired."},
    {.name = "k8s.ns.labels", .flags = kDeprecated, .help = "Retired."},
};

}  // namespace

std::string_view container_id(const Subject& subject) {
  if (subject.where == state::Where::kHost) return kHost;
  return subject.container == nullptr ? std::string_view() : subject.container->id;
}

std::span<const Field> container_fields() { return kRows; }

}  // namespace saker::fields
