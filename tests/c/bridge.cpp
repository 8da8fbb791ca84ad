// The cxx bridge, from C++ that is built together with the library.

#include <oarlock/bridge.hpp>

#include "check.h"

#include <string>

namespace bridge = oarlock::bridge;

static rust::Box<bridge::Store> fresh() {
  oarlock_store *made = fresh_store();
  auto store = bridge::open(oarlock_store_url(made), *bridge::arguments());
  oarlock_store_free(made);
  return store;
}

static rust::Box<bridge::Arguments> key(const char *name) {
  auto arguments = bridge::arguments();
  arguments->text("key", name);
  return arguments;
}

static void objects_come_and_go() {
  auto store = fresh();
  rust::Vec<std::uint8_t> bytes;
  for (const char letter : std::string("hello")) bytes.push_back(static_cast<std::uint8_t>(letter));
  auto put = store->start("put", *key("a"), bridge::source_of(std::move(bytes)), bridge::sink_memory());
  CHECK(put->ready(60000));
  CHECK(put->wait()->get("size")->as_int() == 5);
  auto got = store->start("get", *key("a"), bridge::no_source(), bridge::sink_memory())->wait();
  auto body = got->get("body");
  const auto bytes_back = body->as_bytes();
  CHECK(std::string(reinterpret_cast<const char *>(bytes_back.data()), bytes_back.size()) == "hello");
  CHECK(std::string(got->get("meta")->get("key")->as_text()) == "a" && got->get("nothing")->is_null());
}

static void streams_go_both_ways() {
  auto store = fresh();
  const std::string text(1000000, 'x');
  auto put = store->start("put", *key("a"), bridge::source_pushed(), bridge::sink_memory());
  put->write({reinterpret_cast<const std::uint8_t *>(text.data()), text.size()});
  put->wait();
  auto get = store->start("get", *key("a"), bridge::no_source(), bridge::sink_pulled());
  std::uint8_t room[4096];
  std::size_t count, sum = 0;
  while ((count = get->read({room, sizeof room})) > 0) sum += count;
  CHECK(sum == text.size() && get->wait()->get("length")->as_int() == 1000000);
}

static void failures_are_thrown() {
  auto store = fresh();
  try {
    store->start("get", *key("nothing"), bridge::no_source(), bridge::sink_memory())->wait();
    CHECK(!"thrown");
  } catch (const rust::Error &error) {
    CHECK(std::string(error.what()).rfind("NotFound: ", 0) == 0);
  }
}

int main(int argc, char **argv) {
  workplace = argc > 1 ? argv[1] : ".";
  RUN(objects_come_and_go);
  RUN(streams_go_both_ways);
  RUN(failures_are_thrown);
  return checked();
}
