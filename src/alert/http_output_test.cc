#include "alert/http_output.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <filesystem>
#include <functional>

#include "alert/receiver_for_tests.h"
#include "http/certificates_for_tests.h"
#include "http/gzip.h"

namespace saker::alert {
namespace {

using testing::HasSubstr;

Message json(std::string line) { return {.line = std::move(line), .json = true}; }

TEST(HttpOutput, ALineIsAPost) {
  Receiver receiver;
  HttpOutput output({.url = receiver.url()});
  EXPECT_EQ(output.write(json("{\"a\":1}")).delivered, 1U);
  EXPECT_EQ(output.write({.line = "text"}).delivered, 1U);
  ASSERT_EQ(receiver.got().size(), 2U);
  EXPECT_EQ(receiver.got()[0].method, "POST");
  EXPECT_EQ(receiver.got()[0].path, "/hook");
  EXPECT_EQ(receiver.got()[0].content_type, "application/json");
  EXPECT_EQ(receiver.got()[0].body, "{\"a\":1}");
  EXPECT_EQ(receiver.got()[1].content_type, "text/plain");
}

TEST(HttpOutput, Compressed) {
  Receiver receiver;
  HttpOutput output({.url = receiver.url(), .compress = true, .keep_alive = true});
  EXPECT_EQ(output.write(json("{\"a\":1}")).delivered, 1U);
  ASSERT_EQ(receiver.got().size(), 1U);
  EXPECT_EQ(receiver.got()[0].content_encoding, "gzip");
  EXPECT_EQ(http::gunzip(receiver.got()[0].body, 1000).value_or(""), "{\"a\":1}");
}

struct Row {
  unsigned status;
  const char* want;  // "done", "lost", "again"
};
constexpr Row kRows[] = {{200, "done"},  {201, "done"},  {204, "done"}, {301, "lost"},  {400, "lost"},
                         {404, "lost"},  {408, "again"}, {413, "lost"}, {429, "again"}, {500, "again"},
                         {502, "again"}, {503, "again"}, {504, "again"}};

TEST(HttpOutput, WhatAStatusMeans) {
  Receiver receiver;
  HttpOutput output({.url = receiver.url()});
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.status);
    receiver.answer({{.status = row.status, .body = "why\nnot"}});
    const Delivery done = output.write(json("{}"));
    EXPECT_EQ(done.again ? "again" : done.lost > 0 ? "lost" : "done", std::string(row.want));
    if (row.status >= 300) {
      EXPECT_THAT(done.problem, HasSubstr(fmt::format("answered {}: why", row.status)));
    }
  }
}

TEST(HttpOutput, TheReceiverMaySayWhen) {
  Receiver receiver;
  HttpOutput output({.url = receiver.url()});
  receiver.answer({{.status = 429, .headers = {{"Retry-After", "7"}}}});
  EXPECT_EQ(output.write(json("{}")).again_after_ns, 7'000'000'000U);
}

TEST(HttpOutput, NobodyThereIsForLaterANonsenseUrlIsNot) {
  HttpOutput nobody({.url = "http://127.0.0.1:1/"});
  EXPECT_TRUE(nobody.write(json("{}")).again);
  HttpOutput nonsense({.url = "nonsense://x"});
  const Delivery done = nonsense.write(json("{}"));
  EXPECT_FALSE(done.again);
  EXPECT_EQ(done.lost, 1U);
}

TEST(HttpOutput, AConnectionIsKeptOnlyWhenAskedFor) {
  for (const bool keep_alive : {false, true}) {
    Receiver receiver;
    HttpOutput output({.url = receiver.url(), .keep_alive = keep_alive});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(output.write(json("{}")).delivered, 1U);
    EXPECT_EQ(receiver.stats().connections, keep_alive ? 1U : 3U);
  }
}

// A directory as `openssl rehash` makes it.
std::string hashed_directory(const std::string& ca) {
  std::string pattern = std::filesystem::temp_directory_path() / "saker-ca-XXXXXX";
  const std::string folder = ::mkdtemp(pattern.data());
  std::FILE* file = std::fopen(ca.c_str(), "r");
  X509* certificate = PEM_read_X509(file, nullptr, nullptr, nullptr);
  std::fclose(file);
  std::filesystem::copy(ca, fmt::format("{}/{:08x}.0", folder, X509_subject_name_hash(certificate)));
  X509_free(certificate);
  return folder;
}

TEST(HttpOutput, OverTls) {
  http::TestCertificates files, others;
  files.issue("server");
  files.issue("client");
  others.issue("client");
  const std::string hashed = hashed_directory(files.ca()), empty = hashed_directory(others.ca());
  const auto client = [](HttpOutput::Settings& settings, const http::TestCertificates& of) {
    settings.mtls = true;
    settings.client_cert = of.certificate("client");
    settings.client_key = of.key("client");
  };
  struct Case {
    const char* name;
    bool mutual;  // the receiver wants a certificate
    std::function<void(HttpOutput::Settings&)> set;
    bool good;
  };
  const Case cases[] = {
      {"ca_cert", false, [&](auto& s) { s.ca_cert = files.ca(); }, true},
      {"ca_bundle", false, [&](auto& s) { s.ca_bundle = files.ca(); }, true},
      {"ca_path", false, [&](auto& s) { s.ca_path = hashed; }, true},
      {"another authority", false, [&](auto& s) { s.ca_path = empty; }, false},
      {"the system's", false, [](auto&) {}, false},
      {"insecure", false, [](auto& s) { s.insecure = true; }, true},
      {"nobody may be there", true, [&](auto& s) { s.ca_cert = files.ca(); }, false},
      {"mtls", true, [&](auto& s) { s.ca_cert = files.ca(), client(s, files); }, true},
      {"mtls, a stranger", true, [&](auto& s) { s.ca_cert = files.ca(), client(s, others); }, false},
      {"mtls, insecure", true, [&](auto& s) { s.insecure = true, client(s, files); }, true},
      {"all of it", true,
       [&](auto& s) {
         s.ca_cert = files.ca(), client(s, files);
         s.compress = s.keep_alive = true;
       },
       true},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.name);
    Receiver receiver(
        http::TlsFiles{files.certificate("server"), files.key("server"), one.mutual ? files.ca() : ""});
    HttpOutput::Settings settings{.url = receiver.url()};
    one.set(settings);
    HttpOutput output(settings);
    const Delivery first = output.write(json("{\"a\":1}"));
    EXPECT_EQ(first.delivered, one.good ? 1U : 0U) << first.problem;
    EXPECT_EQ(first.again, !one.good) << "a certificate may be mended: it is tried again";
    ASSERT_EQ(receiver.got().size(), one.good ? 1U : 0U);
    if (!one.good) continue;
    EXPECT_EQ(output.write(json("{}")).delivered, 1U);
    EXPECT_EQ(receiver.stats().connections, settings.keep_alive ? 1U : 2U);
    const std::string body = receiver.got()[0].body;
    EXPECT_EQ(settings.compress ? http::gunzip(body, 1000).value_or("") : body, "{\"a\":1}");
  }
  std::filesystem::remove_all(hashed);
  std::filesystem::remove_all(empty);
}

}  // namespace
}  // namespace saker::alert
