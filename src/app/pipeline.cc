#include "app/pipeline.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "alert/internal_message.h"
#include "alert/terminal_line.h"
#include "base/clock.h"
#include "base/log.h"
#include "capture/proc_scan.h"
#include "capture/syscalls.h"
#include "event/decode.h"
#include "fields/descriptor.h"
#include "rules/literals.h"

namespace saker::app {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kMillisecond = kSecond / 1000;
constexpr std::size_t kEnvironmentsAtOnce = 32;  // about a millisecond

// All zero when the record is too short for one.
saker_header header_of(std::span<const std::byte> record) {
  saker_header header{};
  if (record.size() >= sizeof(header)) std::memcpy(&header, record.data(), sizeof(header));
  return header;
}

}  // namespace

Pipeline::Pipeline(capture::Driver& driver, std::shared_ptr<const Revision> revision, PipelineOptions options)
    : driver_(driver),
      revision_(std::move(revision)),
      options_(std::move(options)),
      evaluator_(std::make_unique<rules::Evaluator>(*revision_->rules)),
      rate_(std::make_unique<alert::RateControl>(revision_->rate_limits, revision_->rules->rules())),
      processes_(options_.processes),
      containers_({.engines = ContainerDesk::engine_bits(options_.metadata.engines)}),
      desk_(containers_, options_.host_root, options_.metadata),
      held_({.events_max = options_.metadata.held_events_max, .bytes_max = options_.metadata.held_bytes_max}),
      identities_(identities_of(*revision_->rules)),
      by_rule_(revision_->rules->rules().size()),
      plan_(driver, options_.compare_plan),
      wall_minus_boot_ns_(wall_minus_boot_ns()) {
  costs_.events.resize(event::type_count());
}

Result<> Pipeline::start() {
  ask_for_names(*revision_->rules);
  TRY(driver_.attach());
  plan_.before_scan();
  TRY(driver_.watch(desk_.resolver().ready_fd()));
  const auto scanned = capture::scan_processes(options_.host_root + "/proc", processes_);
  if (!scanned) log(LogLevel::kWarning, "{}", scanned.error().message);
  if ((revision_->rules->details() & SAKER_DETAIL_ENV) != 0) {
    without_environment_ = processes_.living();
    read_environments(without_environment_.size());
  }
  driver_.set_details(revision_->rules->details());
  TRY(plan_.apply(*revision_->rules, revision_->plan));
  if (options_.self_test) options_.self_test->use_call(plan_.hooks_calls());
  log(LogLevel::kInfo, "{} processes were here before", scanned ? *scanned : 0);
  return {};
}

void Pipeline::ask_for_names(const rules::RuleSet& rules) {
  auto names = rules::literal_domains(rules);
  asks_for_names_ = !names.empty();
  names_.ask(std::move(names));
}

Result<> Pipeline::adopt(std::shared_ptr<const Revision> next) {
  auto evaluator = std::make_unique<rules::Evaluator>(*next->rules);
  auto rate = std::make_unique<alert::RateControl>(next->rate_limits, next->rules->rules());
  const std::uint8_t details = next->rules->details(), before = revision_->rules->details();
  driver_.set_details(details);
  if (auto applied = plan_.apply(*next->rules, next->plan); !applied) {
    driver_.set_details(before);
    return applied;
  }
  // Those who exec from now on tell their environment themselves; the others are read between events.
  if ((details & ~before & SAKER_DETAIL_ENV) != 0) without_environment_ = processes_.living();
  if ((details & SAKER_DETAIL_ENV) == 0) without_environment_.clear();
  ask_for_names(*next->rules);
  tell_suppressed(rate_->close());  // of this revision
  count_rules(earlier_);
  costs_.rules = rule_costs();
  evaluator_ = std::move(evaluator);
  rate_ = std::move(rate);
  identities_ = identities_of(*next->rules);
  by_rule_.assign(next->rules->rules().size(), {});
  revision_ = std::move(next);
  if (options_.self_test) options_.self_test->use_call(plan_.hooks_calls());
  return {};
}

void Pipeline::count_rules(observe::RuleCounts& into) const {
  const auto rules = revision_->rules->rules();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (by_rule_[i].matches == 0) continue;
    observe::RuleCount& count = into[rules[i].rule.name];
    count.source = rules[i].rule.source;
    count.priority = rules[i].rule.priority;
    count.tags = rules[i].rule.tags;
    count.matches += by_rule_[i].matches;
    count.suppressed += by_rule_[i].suppressed;
  }
}

// Of the revision in force and of those before.
std::map<std::string, observe::Cost> Pipeline::rule_costs() const {
  std::map<std::string, observe::Cost> made = costs_.rules;
  const auto rules = revision_->rules->rules();
  const auto costs = evaluator_->costs();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (costs[i].runs == 0) continue;
    observe::Cost& cost = made[rules[i].rule.name];
    cost.count += costs[i].runs;
    cost.ns += costs[i].ns;
  }
  return made;
}

observe::Snapshot Pipeline::snapshot() const {
  observe::Snapshot made;
  made.taken_ns = boot_time_ns();
  made.pipeline = stats_;
  made.rules = earlier_;
  count_rules(made.rules);
  made.costs = {.rules = rule_costs(), .events = costs_.events};
  made.alert_delay = alert_delay_.snapshot();
  made.probe = driver_.counters();
  made.plan = plan_.stats();
  made.plan_counts = driver_.plan().counts();
  made.reader = driver_.reader_stats();
  made.rings = driver_.ring_count();
  made.process_table = processes_.stats();
  made.processes = processes_.size();
  made.process_bytes = processes_.bytes();
  made.containers = containers_.size();
  made.sockets = sockets_.size();
  made.held = held_.stats();
  made.metadata = desk_.resolver().stats();
  return made;
}

bool Pipeline::is_self_test(const event::Event& event) {
  if (options_.self_test == nullptr) return false;
  const bool like_it =
      event.type == observe::SelfTest::event_type() || std::holds_alternative<event::Exit>(event.body);
  return like_it && options_.self_test->is_own(event);
}

void Pipeline::turn(int timeout_ms) {
  if (desk_.take_answers() || !held_.empty()) judge_held(held_.release(boot_time_ns()));
  const std::size_t taken = driver_.drain([this](std::span<const std::byte> record) { take(record); });
  keep_house();
  if (!without_environment_.empty()) {
    read_environments(kEnvironmentsAtOnce);
    return;
  }
  if (taken > 0) return;
  if (!held_.empty()) {
    const std::uint64_t now = boot_time_ns(), end = held_.next_end_ns();
    const std::uint64_t rest_ms = end <= now ? 0 : (end - now) / kMillisecond + 1;
    timeout_ms = static_cast<int>(std::min<std::uint64_t>(rest_ms, static_cast<std::uint64_t>(timeout_ms)));
  }
  driver_.wait(timeout_ms);
}

void Pipeline::read_environments(std::size_t count) {
  capture::read_environments(options_.host_root + "/proc", count, without_environment_, processes_);
}

void Pipeline::finish() {
  judge_held(held_.release_all());
  tell_suppressed(rate_->close());
}

void Pipeline::take(std::span<const std::byte> record) {
  const saker_header header = header_of(record);
  if (header.type == SAKER_RECORD_BELL) return;
  if (header.type == SAKER_RECORD_CLOSING) return closings_.begin(header.tid, record);
  event::Event& event = event_;
  if (const auto decoded = event::decode_into(record, event); !decoded) {
    if (stats_.undecodable++ == 0) log(LogLevel::kError, "{}", decoded.error().message);
    return;
  }
  ++stats_.records;
  if (const auto* cgroup = std::get_if<event::Cgroup>(&event.body)) return place(*cgroup);
  if (event.type == close_) closings_.end(event.task.tid, std::get<event::Call>(event.body));
  const state::Process* process = processes_.on(event);
  arena_.reset();
  plan_.on(event, process, processes_, arena_);
  if (std::holds_alternative<event::Exec>(event.body)) {
    if (state::Container* container = containers_.find(event.task).container) {
      desk_.on_program(*container, event.task.process.tgid, event.time_ns);
      if (container->first_process.tgid == 0) container->first_process = event.task.process;
      identities_->learn(container->id, std::array{container->first_process, event.task.process},
                         event.time_ns);
    }
  }
  // Where the child comes back from its own call, that is the event; its record only brings the process.
  if (capture::kChildrenReturn && std::holds_alternative<event::Fork>(event.body)) return;
  const bool self_test = is_self_test(event);
  if (plan_.wants(event.type) && !event.task.brief) judge(event, process, self_test, record);
}

void Pipeline::place(const event::Cgroup& cgroup) {
  switch (containers_.on(cgroup)) {
    case state::Where::kHost:
      driver_.set_cgroup_class(cgroup.key, SAKER_CGROUP_HOST);
      break;
    case state::Where::kContainer:
      driver_.set_cgroup_class(cgroup.key, SAKER_CGROUP_CONTAINER);
      if (state::Container* container = containers_.of_cgroup(cgroup.key))
        desk_.look_at(*container, boot_time_ns());
      break;
    case state::Where::kUnknown:
      break;
  }
}

void Pipeline::judge(event::Event& event, const state::Process* process, bool self_test,
                     std::span<const std::byte> record) {
  event.number = ++number_;
  event.wall_ns = event.time_ns + wall_minus_boot_ns_;
  const state::Containers::Found found = containers_.find(event.task);
  if (found.where == state::Where::kUnknown) ++stats_.unknown_place;
  desk_.before_judging(found.container, event.task.process.tgid, event.time_ns);
  identify(event, found);

  fields::Subject subject;
  subject.event = &event;
  subject.process = process;
  subject.processes = &processes_;
  subject.container = found.container;
  subject.where = found.where;
  subject.sockets = &sockets_;
  subject.cgroup_subsystems = driver_.cgroup_subsystems();
  subject.hostname = options_.hostname;
  subject.boot_wall_ns = wall_minus_boot_ns_;
  if (first_wall_ns_ == 0) first_wall_ns_ = event.wall_ns;
  subject.first_wall_ns = first_wall_ns_;
  subject.previous_wall_ns = std::exchange(previous_wall_ns_, event.wall_ns);
  if (const event::Descriptor* socket = fields::main_descriptor_of(subject))
    subject.socket = sockets_.on(event, *socket, fields::peer_address_of(event));

  // A close is not made to wait: what was closed is remembered until the next one only.
  if (state::Container* container = found.container; container != nullptr && event.type != close_) {
    if (!self_test && (container->pending() || container->held > 0) &&
        held_.hold(record, subject, *container, event.time_ns))
      return;
    // No room: what waits of it must not be overtaken.
    if (container->held > 0) judge_held(held_.release(event.time_ns, container));
  }
  evaluate(subject, event, found.container, self_test);
}

void Pipeline::judge_held(std::deque<HeldEvents::Held> held) {
  for (HeldEvents::Held& one : held) {
    HeldEvents::restore(one, restored_event_);
    evaluate(one.subject, restored_event_, one.container);
  }
}

void Pipeline::evaluate(fields::Subject& subject, const event::Event& event, state::Container* container,
                        bool self_test) {
  subject.users = desk_.host_users();
  subject.domain_names = domain_names_.get();
  if (container != nullptr && !std::exchange(container->judged, true)) {
    ++stats_.containers_judged;
    if (!container->pending() && container->info.engine) ++stats_.containers_known_first;
    if (!container->info.image) ++stats_.containers_without_image;
  }
  const bool timed = ++stats_.judged % observe::kTimedEvery == 0;
  arena_.reset();
  const std::uint64_t begin_ns = timed ? boot_time_ns() : 0;
  const auto matches = evaluator_->evaluate(subject, arena_, timed);
  if (timed) {
    observe::Cost& cost = costs_.events[event.type];
    ++cost.count;
    cost.ns += boot_time_ns() - begin_ns;
  }
  if (matches.empty() || self_test) return;
  ++stats_.matched;
  plan_.matched(event, revision_->rules->rules()[matches[0].rule].rule.name);
  for (const auto& match : matches) raise(match, subject);
}

void Pipeline::raise(const rules::Evaluator::Match& match, fields::Subject& subject) {
  subject.name_index = match.name_index;
  const event::Event& event = *subject.event;
  RuleTotals& totals = by_rule_[match.rule];
  ++totals.matches;
  const auto verdict = rate_->judge(match.rule, subject, arena_, event.time_ns);
  if (verdict.kind != alert::RateControl::Verdict::Kind::kAdmitted) {
    ++totals.suppressed;
    const bool over_rate = verdict.kind == alert::RateControl::Verdict::Kind::kOverRate;
    ++(over_rate ? stats_.suppressed_rate : stats_.suppressed_duplicate);
    return;
  }
  const rules::EnabledRule& rule = revision_->rules->rules()[match.rule];
  auto message = std::make_shared<alert::Message>();
  const alert::Format& format = revision_->format;
  message->line = alert::format_alert(format, rule, subject, arena_, verdict.suppressed);
  if (format.keep_whole && !format.is_whole())
    message->whole = alert::format_alert(format.whole(), rule, subject, arena_, verdict.suppressed);
  if (revision_->terminal) {
    std::string text;
    rule.output.render(subject, arena_, text);
    message->for_terminal = alert::terminal_line(
        {.wall_ns = event.wall_ns, .priority = rule.rule.priority, .rule = rule.rule.name, .message = text},
        revision_->colours);
  }
  message->priority = rule.rule.priority;
  message->json = format.json;
  message->event_ns = event.time_ns;
  revision_->outputs->publish(message);
  ++stats_.alerts;
  alert_delay_.add(boot_time_ns() - event.time_ns);
}

// As a message of the agent's own, of the rule's priority: who looks at those sees that there was more.
void Pipeline::tell_suppressed(const std::vector<alert::RateControl::Summary>& summaries) {
  for (const alert::RateControl::Summary& summary : summaries) {
    const rules::Rule& rule = revision_->rules->rules()[summary.rule].rule;
    const std::string sentence =
        fmt::format("Saker internal: {} alerts of rule '{}'{}{} were suppressed.", summary.suppressed,
                    rule.name, summary.key.empty() ? "" : " for ", summary.key);
    const alert::InternalMessage message{
        .rule = "Saker internal: suppressed alerts",
        .output = sentence,
        .priority = rule.priority,
        .fields = {
            {"saker.rule", rule.name}, {"saker.key", summary.key}, {"saker.suppressed", summary.suppressed}}};
    revision_->outputs->publish(
        alert::make_internal_message(revision_->format, options_.hostname, message, wall_time_ns()));
  }
}

std::unique_ptr<capture::FileIdentities> Pipeline::identities_of(const rules::RuleSet& rules) const {
  return std::make_unique<capture::FileIdentities>(
      rules::literal_paths(rules), driver_.identifier(),
      capture::FileIdentities::Options{.host_root = options_.host_root});
}

// A container may have been given a file of the host, so a file opened in one is looked for in both roots.
void Pipeline::identify(event::Event& event, const state::Containers::Found& found) {
  auto* file = std::get_if<event::File>(&event.body);
  if (file == nullptr || !(file->aliased || file->resolved.truncated) || identities_->empty()) return;
  const capture::FileId id{file->ino, file->dev};
  if (state::Container* container = found.container) {
    // Its own root is the container's; whoever opens may have changed root since.
    if (container->first_process.tgid == 0 && event.task.vpid == 1)
      container->first_process = event.task.process;
    const std::array processes{container->first_process, event.task.process, event.task.parent};
    file->identity = identities_->find_in_container(id, container->id, processes, event.time_ns);
  }
  if (file->identity.empty()) file->identity = identities_->find_on_host(id, event.time_ns);
}

void Pipeline::keep_house() {
  const std::uint64_t now = boot_time_ns();
  // The first answers count from when they are there.
  if (domain_names_ == nullptr && asks_for_names_) domain_names_ = names_.answers();
  if (now < next_housekeeping_ns_) return;
  next_housekeeping_ns_ = now + kSecond;
  wall_minus_boot_ns_ = wall_minus_boot_ns();
  processes_.purge(now);
  domain_names_ = names_.answers();
  if (rate_->active()) tell_suppressed(rate_->due(now));
  if (options_.board) options_.board->publish(std::make_shared<observe::Snapshot>(snapshot()));
  desk_.keep_house();
}

}  // namespace saker::app
