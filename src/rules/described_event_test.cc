#include "rules/described_event.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rules/output_template.h"
#include "rules/rule_tests.h"

namespace saker::rules {
namespace {

EventRead read(const std::string& text) {
  return read_event({"event.yaml", text}, fields::syscall_catalogue());
}

// The field as outputs print it.
std::string shown(const DescribedEvent& event, std::string_view field) {
  const auto parsed = OutputTemplate::parse(fmt::format("%{}", field), fields::syscall_catalogue());
  EXPECT_TRUE(parsed.problems.empty()) << field;
  std::string text;
  Arena arena;
  parsed.output.render(event.subject(), arena, text);
  return text;
}

TEST(DescribedEvent, GivesWhatIsWrittenAndWhatFollows) {
  const auto made = read(
      "evt.type: openat\nfd.name: /etc/shadow\nevt.arg.flags: O_RDWR|O_F_CREATED\nproc.name: cat\n"
      "proc.args: -n 5\nproc.aname: [bash, sshd]\nfd.sport: 443\nproc.is_exe_writable: true\nuser.uid: 0\n");
  ASSERT_NE(made.event, nullptr) << text_report({made.report});
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"fd.filename", "shadow"},
      {"fd.directory", "/etc"},
      {"fd.typechar", "f"},
      {"fd.nameraw", "/etc/shadow"},
      {"fd.num", "3"},
      {"evt.res", "SUCCESS"},
      {"evt.is_open_read", "true"},
      {"evt.is_open_write", "true"},
      {"evt.is_open_create", "true"},
      {"evt.failed", "false"},
      {"evt.category", "file"},
      {"evt.dir", "<"},
      {"proc.cmdline", "cat -n 5"},
      {"proc.cmdnargs", "2"},
      {"proc.aname[2]", "sshd"},
      {"proc.aname[3]", "<NA>"},
      {"container.id", "host"},
      {"fd.sport", "443"},
      {"proc.is_exe_writable", "true"},
      {"user.uid", "0"},
      {"proc.pname", "<NA>"},
  };
  for (const auto& [field, want] : rows) EXPECT_EQ(shown(*made.event, field), want) << field;
}

TEST(DescribedEvent, WhatIsGivenIsNotDerived) {
  const auto made =
      read("evt.type: openat\nfd.name: /a/b\nfd.directory: /x\nevt.rawres: -2\ncontainer.name: web\n");
  ASSERT_NE(made.event, nullptr);
  EXPECT_EQ(shown(*made.event, "fd.directory"), "/x");
  EXPECT_EQ(shown(*made.event, "evt.failed"), "true");
  EXPECT_EQ(shown(*made.event, "container.id"), "<NA>");
}

TEST(DescribedEvent, AnAlertIsOne) {
  const auto made =
      read(R"({"rule": "R", "output_fields": {"evt.type": "execve", "proc.name": "sh", "proc.tty": 34816}})");
  ASSERT_NE(made.event, nullptr) << text_report({made.report});
  EXPECT_EQ(shown(*made.event, "proc.tty"), "34816");
}

TEST(DescribedEvent, SaysWhatWasAskedInVain) {
  const auto made = read("evt.type: execve\nproc.name: sh\n");
  ASSERT_NE(made.event, nullptr);
  shown(*made.event, "proc.pname");
  shown(*made.event, "proc.name");
  EXPECT_EQ(made.event->take_asked_in_vain(), std::set<std::string>{"proc.pname"});
  EXPECT_TRUE(made.event->take_asked_in_vain().empty());
}

TEST(DescribedEvent, BadOnesAreRefusedWithTheirPlace) {
  struct Row {
    std::string text;
    std::uint32_t line, column;
    std::string_view message;
  };
  const Row rows[] = {
      {"proc.name: cat\n", 1, 1, "no evt.type"},
      {"evt.type: opened\n", 1, 1, "is no event"},
      {"evt.type: openat\nfd.nmae: /x\n", 2, 1, "unknown field 'fd.nmae'"},
      {"evt.type: openat\nevt.rawres: many\n", 2, 13, ""},
      {"evt.type: openat\nfd.sip: 1.2.3\n", 2, 9, ""},
      {"evt.type: openat\nproc.name: {a: b}\n", 2, 12, "one value"},
      {"- evt.type\n", 1, 1, "expected a map"},
      {"", 1, 1, "empty"},
  };
  for (const Row& row : rows) {
    const auto made = read(row.text);
    EXPECT_EQ(made.event, nullptr) << row.text;
    ASSERT_FALSE(made.report.diagnostics.empty()) << row.text;
    const Diagnostic& found = made.report.diagnostics[0];
    EXPECT_EQ(found.line, row.line) << row.text;
    EXPECT_EQ(found.column, row.column) << row.text;
    EXPECT_NE(found.message.find(row.message), std::string::npos) << found.message;
  }
}

}  // namespace
}  // namespace saker::rules
