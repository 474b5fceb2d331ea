#include "capture/plan_maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "probe/probe.skel.h"

namespace saker::capture {
namespace {

constexpr std::uint32_t kVersionMask = 0xffffff;
// Longer than a handler can run.
constexpr std::uint64_t kHandlersEndNs = 1'000'000'000;
constexpr useconds_t kHandlersEndUs = 100'000;  // for kernels without membarrier()

// Programs of the probe run with preemption off: once all CPUs have passed through the scheduler, those that
// were running are over.
void wait_for_handlers() {
  if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0) usleep(kHandlersEndUs);
}

template <class Key>
Result<> put(const bpf_map* map, const Key& key, const void* value) {
  if (bpf_map_update_elem(bpf_map__fd(map), &key, value, BPF_ANY) == 0) return {};
  return fail(ErrorCode::kUnsupported, fmt::format("cannot write the filter plan into {}: {}",
                                                   bpf_map__name(map), std::strerror(errno)));
}

}  // namespace

void PlanMaps::clear(Written& written) {
  for (const auto& key : written.texts) bpf_map_delete_elem(bpf_map__fd(skeleton_.maps.plan_texts), &key);
  for (const auto& key : written.paths) bpf_map_delete_elem(bpf_map__fd(skeleton_.maps.plan_paths), &key);
  for (const auto& key : written.networks)
    bpf_map_delete_elem(bpf_map__fd(skeleton_.maps.plan_networks), &key);
  for (const auto& key : written.comms) bpf_map_delete_elem(bpf_map__fd(skeleton_.maps.plan_comms), &key);
  written = {};
}

Result<> PlanMaps::write(const event::FilterPlan& plan, std::uint8_t place) {
  const auto& maps = skeleton_.maps;
  Written& written = written_[place];
  clear(written);
  for (std::size_t number = 0; number < plan.programs.size(); ++number) {
    const event::PlanProgram& program = plan.programs[number];
    const auto key = static_cast<std::uint32_t>(place * SAKER_PLAN_PROGRAMS + number);
    TRY(put(maps.plan_programs, key, &program.tables));
    for (const event::PlanText& text : program.texts) {
      saker_plan_text row{};
      row.generation = place;
      row.program = static_cast<std::uint8_t>(SAKER_PLAN_TEXTS_OF(number, text.which));
      row.part = static_cast<std::uint8_t>(text.part);
      row.length = text.length;
      std::copy_n(text.text.begin(), std::min<std::size_t>(text.text.size(), sizeof(row.text)), row.text);
      TRY(put(maps.plan_texts, row, &text.terms));
      written.texts.push_back(row);
    }
    for (const event::PlanPath& path : program.paths) {
      saker_plan_path row{};
      row.generation = place;
      row.program = static_cast<std::uint8_t>(SAKER_PLAN_TEXTS_OF(number, path.which));
      const std::size_t length =
          std::min<std::size_t>(path.text.size() + (path.whole ? 1 : 0), sizeof(row.text));
      std::copy_n(path.text.begin(), std::min(path.text.size(), length), row.text);
      row.bits = static_cast<std::uint32_t>((2 + length) * 8);
      TRY(put(maps.plan_paths, row, &path.terms));
      written.paths.push_back(row);
    }
    if (program.pairs) TRY(write(*program.pairs, place, program.tables.pairs));
  }
  std::copy(plan.program_of.begin(), plan.program_of.end(), skeleton_.bss->plan_program[place]);
  return {};
}

Result<> PlanMaps::write(const event::PlanPairs& pairs, std::uint8_t place, std::uint8_t set) {
  const auto key = static_cast<std::uint32_t>(place * SAKER_PLAN_PAIR_SETS + set);
  TRY(put(skeleton_.maps.plan_pairs, key, &pairs.tables));
  for (const event::PlanNetwork& network : pairs.networks) {
    saker_plan_network row{};
    row.bits = 32 + network.bits;
    row.generation = place;
    row.set = set;
    std::ranges::copy(network.address, row.address);
    const std::uint64_t group = network.group;
    TRY(put(skeleton_.maps.plan_networks, row, &group));
    written_[place].networks.push_back(row);
  }
  return {};
}

Result<> PlanMaps::apply(const event::FilterPlan& plan) {
  // Handlers that began under the generation before the last may still be at it, if the last came just now.
  if (changed_ns_ != 0 && boot_time_ns() - changed_ns_ < kHandlersEndNs) wait_for_handlers();
  const std::uint32_t next = generation_ + 1;
  TRY(write(plan, static_cast<std::uint8_t>(next % SAKER_PLAN_GENERATIONS)));
  __atomic_store_n(&skeleton_.bss->plan_generation, next, __ATOMIC_SEQ_CST);
  generation_ = next;
  changed_ns_ = boot_time_ns();
  // Words of earlier generations say nothing, but their mark comes round again.
  auto& words = skeleton_.bss->process_class;
  for (auto& word : words) {
    if (word != 0) __atomic_store_n(&word, 0, __ATOMIC_RELAXED);
  }
  counted_before_ = all_counts();
  return {};
}

Result<> PlanMaps::set_class(std::uint32_t number, const event::PlanClass& terms) {
  for (std::size_t program = 0; program < terms.size(); ++program) {
    if (terms[program].process == ~0ULL && terms[program].parent == ~0ULL && program == 0) continue;
    const auto key = static_cast<std::uint32_t>(
        ((generation_ % SAKER_PLAN_GENERATIONS) * SAKER_PLAN_PROGRAMS + program) * SAKER_PLAN_CLASSES +
        number);
    TRY(put(skeleton_.maps.plan_classes, key, &terms[program]));
  }
  return {};
}

void PlanMaps::set_process(std::uint32_t tgid, std::uint32_t version, std::uint32_t number) {
  __atomic_store_n(&skeleton_.bss->process_class[tgid % SAKER_PLAN_PROCESSES],
                   SAKER_PLAN_PROCESS_BITS(tgid, version & kVersionMask, generation_) | number,
                   __ATOMIC_RELEASE);
}

bool PlanMaps::knows(std::uint32_t tgid, std::uint32_t version) const {
  const std::uint64_t word = skeleton_.bss->process_class[tgid % SAKER_PLAN_PROCESSES];
  return (word & SAKER_PLAN_BY_COMM) == 0 &&
         word >> 16 == SAKER_PLAN_PROCESS_BITS(tgid, version & kVersionMask, generation_) >> 16;
}

void PlanMaps::set_comm(std::string_view comm, std::uint32_t number) {
  saker_plan_comm key{.comm = {}, .generation = generation_};
  std::memcpy(key.comm, comm.data(), std::min(comm.size(), sizeof(key.comm) - 1));
  if (bpf_map_update_elem(bpf_map__fd(skeleton_.maps.plan_comms), &key, &number, BPF_NOEXIST) != 0) return;
  written_[generation_ % SAKER_PLAN_GENERATIONS].comms.push_back(key);
  __atomic_store_n(&skeleton_.bss->plan_comms_used, 1, __ATOMIC_RELAXED);
}

std::uint32_t PlanMaps::version(std::uint32_t tgid) const {
  return __atomic_load_n(&skeleton_.bss->process_version[tgid % SAKER_PLAN_PROCESSES], __ATOMIC_SEQ_CST) &
         kVersionMask;
}

// As lib/emit.h has them.
struct Counters {
  std::uint64_t cause[SAKER_COUNTERS];
  std::uint64_t by_event[3][SAKER_EVENTS_MAX];
  PlanCounts ruled_out;
};

PlanCounts PlanMaps::all_counts() const {
  PlanCounts sum{};
  std::vector<Counters> each(static_cast<std::size_t>(std::max(libbpf_num_possible_cpus(), 1)));
  const std::uint32_t zero = 0;
  if (bpf_map__value_size(skeleton_.maps.counters) != sizeof(Counters) ||
      bpf_map_lookup_elem(bpf_map__fd(skeleton_.maps.counters), &zero, each.data()) != 0)
    return sum;
  for (const Counters& one : each) {
    for (std::size_t program = 0; program < sum.size(); ++program) {
      for (std::size_t dimension = 0; dimension < sum[program].size(); ++dimension)
        sum[program][dimension] += one.ruled_out[program][dimension];
    }
  }
  return sum;
}

PlanCounts PlanMaps::counts() const {
  PlanCounts counts = all_counts();
  for (std::size_t program = 0; program < counts.size(); ++program) {
    for (std::size_t dimension = 0; dimension < counts[program].size(); ++dimension)
      counts[program][dimension] -= counted_before_[program][dimension];
  }
  return counts;
}

}  // namespace saker::capture
