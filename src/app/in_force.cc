#include "app/in_force.h"

#include <cstdlib>

#include "app/channels.h"
#include "app/kernel_plan.h"
#include "base/clock.h"
#include "observe/self_test.h"

namespace saker::app {

std::shared_ptr<const rules::Plan> make_plan(const Config& config, const LoadedRules& loaded) {
  PlanOptions options = config.plan;
  options.always.push_back(observe::SelfTest::event_type());
  return make_kernel_plan(*loaded.rules, options);
}

std::shared_ptr<const Revision> make_revision(std::uint64_t number, const Config& config,
                                              const LoadedRules& loaded,
                                              std::shared_ptr<const rules::Plan> plan,
                                              std::shared_ptr<const alert::Outputs> outputs) {
  auto made = std::make_shared<Revision>();
  made->number = number;
  made->rules = loaded.rules;
  made->plan = std::move(plan);
  made->format = config.format;
  made->format.keep_whole = config.outputs.store_enabled;
  made->outputs = std::move(outputs);
  made->rate_limits = config.rate_limits;
  made->terminal = for_terminal(config);
  const char* no_colour = std::getenv("NO_COLOR");  // no-color.org
  made->colours = made->terminal && (no_colour == nullptr || *no_colour == '\0');
  return made;
}

observe::InForce in_force(const Revision& revision, const Config& config, const LoadedRules& loaded) {
  observe::InForce made;
  made.number = revision.number;
  made.since_wall_ns = wall_time_ns();
  made.rules = revision.rules->rules().size();
  for (std::size_t type = 1; type < event::type_count(); ++type) {
    const auto scope = revision.rules->scope(static_cast<event::TypeId>(type));
    if (scope.host || scope.container) made.event_types.emplace_back(event::type_names()[type]);
  }
  for (const LoadedFile& file : loaded.files) made.rules_files.push_back({file.path, file.sha256});
  for (const LoadedFile& file : config.files) made.config_files.push_back({file.path, file.sha256});
  made.outputs = revision.outputs;
  return made;
}

std::vector<std::string> needs_restart(const Config& before, const Config& now) {
  std::vector<std::string> keys;
  const auto compare = [&](const char* name, const auto& a, const auto& b) {
    if (a != b) keys.emplace_back(name);
  };
  compare("engine.kind", before.engine, now.engine);
  compare("engine.modern_ebpf.cpus_for_each_buffer", before.driver.cpus_per_ring, now.driver.cpus_per_ring);
  compare("engine.modern_ebpf.buf_size_preset or saker.ring_bytes", before.driver.ring_bytes,
          now.driver.ring_bytes);
  compare("saker.args_bytes_max", before.driver.args_bytes_max, now.driver.args_bytes_max);
  compare("saker.processes_max", before.processes.processes_max, now.processes.processes_max);
  compare("saker.processes_bytes", before.processes.bytes_max, now.processes.bytes_max);
  compare("saker.plan.compare", before.plan.compare, now.plan.compare);
  compare("saker.sandbox", before.sandbox, now.sandbox);
  compare("saker.seccomp", before.seccomp, now.seccomp);
  compare("saker.host_root", before.host_root, now.host_root);
  compare("saker.metadata", before.metadata.limits(), now.metadata.limits());
  compare("plugins (container) or container_engines", before.metadata.engines, now.metadata.engines);
  return keys;
}

}  // namespace saker::app
