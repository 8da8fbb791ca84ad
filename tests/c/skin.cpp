// The C++ skin: handles that free themselves, errors with a kind, lent functions that throw, streams and
// ranges.

#include <unistd.h>

#include <atomic>
#include <future>
#include <iostream>
#include <oarlock.hpp>
#include <sstream>

#include "check.h"

namespace {

oarlock::store fresh() {
  oarlock_store *made = fresh_store();
  oarlock::store store(oarlock_store_url(made));
  oarlock_store_free(made);
  return store;
}

template <typename Work>
int kind_of(Work work) {
  try {
    work();
  } catch (const oarlock::error &error) {
    return error.kind();
  }
  return OARLOCK_OK;
}

struct own_exception {};

void verbs_are_methods() {
  const auto store = fresh();
  store.put("a", "hello",
            {{"content_type", "text/plain"}, {"metadata", oarlock::options{{"colour", "blue"}}}});
  const auto reply = store.get("a", {{"range", "1-3"}});
  CHECK(reply["body"].as_bytes() == "ell");
  CHECK(reply["meta"]["metadata"]["colour"].as_str() == "blue");
  CHECK(reply["meta"]["content_type"].as_str() == "text/plain");
  CHECK(std::chrono::system_clock::now() - reply["meta"]["last_modified"].as_time() < std::chrono::hours(1));
  CHECK(store.exists("a").as_bool());
  store.copy("a", "b");
  const auto fates = store.delete_many({"a", oarlock::options{{"key", "b"}}});
  CHECK(fates.size() == 2 && fates.at(1)["key"].as_str() == "b" && !store.exists("b").as_bool());
}

void errors_have_kinds() {
  const auto store = fresh();
  try {
    store.get("nothing");
    CHECK(!"thrown");
  } catch (const oarlock::error &error) {
    CHECK(error.kind() == OARLOCK_NOT_FOUND && std::string(error.kind_name()) == "NotFound");
    CHECK(error.key() == "nothing" && error.verb() == "get" && !error.code());
  }
  CHECK(kind_of([] { oarlock::store("s3://bucket", {{"regoin", "x"}}); }) == OARLOCK_CONFIG);
  CHECK(kind_of([&] { store.get("a", {{"range", "9-1"}}); }) == OARLOCK_INVALID_INPUT);
  auto closed = store;
  closed.close();
  CHECK(kind_of([&] { closed.get("a"); }) == OARLOCK_INVALID_INPUT);
  CHECK(kind_of([&] { store.get("nothing"); }) == OARLOCK_NOT_FOUND);
}

void lent_functions_may_throw() {
  const auto store = fresh();
  store.put("a", "hello");
  bool thrown = false;
  try {
    store.get("a", {}, oarlock::sink::to([](std::string_view) { throw own_exception(); }));
  } catch (const own_exception &) {
    thrown = true;
  }
  CHECK(thrown);
  thrown = false;
  try {
    store.put("b", oarlock::source::from([](char *, std::size_t) -> std::size_t { throw own_exception(); }));
  } catch (const own_exception &) {
    thrown = true;
  }
  CHECK(thrown && !store.exists("b").as_bool());
}

void streams_of_the_library_serve() {
  const auto store = fresh();
  std::istringstream in(std::string(300000, 'x'));
  std::ostringstream out;
  store.put("a", oarlock::source::from(in));
  store.get("a", {}, oarlock::sink::to(out));
  CHECK(out.str() == in.str());
}

void a_reader_reads_and_seeks() {
  const auto store = fresh();
  std::string text;
  for (int line = 0; line < 20000; ++line) text += "line " + std::to_string(line) + "\n";
  store.put("a", text);
  auto reader = store.open_reader("a");
  std::string line;
  CHECK(std::getline(reader, line) && line == "line 0");
  reader.seekg(-6, std::ios::end);
  CHECK(std::getline(reader, line) && line == "19999");
  CHECK(!std::getline(reader, line) && reader.eof());
  reader.clear();
  reader.seekg(5);
  CHECK(reader.get() == '0' && reader.tellg() == 6);
  std::string rest(std::istreambuf_iterator<char>(reader), {});
  CHECK(rest == text.substr(6));
  CHECK(kind_of([&] { store.open_reader("nothing"); }) == OARLOCK_NOT_FOUND);
  store.put("empty", "");
  CHECK(store.open_reader("empty").get() == std::char_traits<char>::eof());
}

void a_writer_stores_only_when_closed() {
  const auto store = fresh();
  {
    auto writer = store.open_writer("a", {{"content_type", "text/plain"}});
    for (int part = 0; part < 100; ++part)
      writer << std::string(30000, static_cast<char>('a' + part % 26)) << std::flush;
    CHECK(writer.close()["size"].as_int() == 3000000);
    CHECK(kind_of([&] { writer.close(); }) == OARLOCK_INVALID_INPUT);
  }
  CHECK(store.head("a")["content_type"].as_str() == "text/plain");
  try {
    auto writer = store.open_writer("b");
    writer << std::string(2000000, 'x');
    throw own_exception();
  } catch (const own_exception &) {}
  CHECK(oarlock_drain(-1) == OARLOCK_OK && !store.exists("b").as_bool());
  CHECK(kind_of([&] {
          auto writer = store.open_writer("c", {{"no_such_option", 1}});
          writer << "x";
          writer.close();
        }) == OARLOCK_INVALID_INPUT);
}

void pages_are_a_range() {
  const auto store = fresh();
  for (int key = 0; key < 7; ++key) store.put("k" + std::to_string(key), "x");
  std::string keys;
  int count = 0;
  for (const auto &page : store.list("k", {{"page_size", 3}})) {
    ++count;
    for (const auto &row : page["entries"]) keys += row["key"].as_str();
  }
  CHECK(count == 3 && keys == "k0k1k2k3k4k5k6");
}

void cancelled_from_another_thread() {
  const auto store = fresh();
  std::promise<void> begun;
  std::atomic<bool> told{false};
  auto call = store.start("put", {{"key", "endless"}},
                          oarlock::source::from([&](char *buffer, std::size_t) -> std::size_t {
                            if (!told.exchange(true)) begun.set_value();
                            return *buffer = 'x', 1;
                          }));
  auto canceller = std::async(std::launch::async, [&] {
    begun.get_future().wait();
    call.cancel();
  });
  CHECK(kind_of([&] { call.wait(); }) == OARLOCK_CANCELLED);
  canceller.wait();
  CHECK(!store.exists("endless").as_bool());
}

void progress_can_stop_a_call() {
  const auto store = fresh();
  bool stopped = false;
  auto call = store.start(
      "put", {{"key", "a"}},
      oarlock::source::from([](char *buffer, std::size_t) -> std::size_t { return *buffer = 'x', 1; }));
  call.on_progress([&](std::uint64_t done, std::optional<std::uint64_t> total) {
    return stopped = true, done == 0 || total;
  });
  CHECK(kind_of([&] { call.wait(); }) == OARLOCK_CANCELLED && stopped);
}

void progress_counts_objects_where_no_bytes_move() {
  const auto store = fresh();
  std::uint64_t last = 0;
  std::optional<std::uint64_t> all;
  auto call = store.start("delete_many", {{"keys", oarlock::list({"a", "b", "c"})}});
  call.on_progress(
      [&](std::uint64_t done, std::optional<std::uint64_t> total) { return last = done, all = total, true; });
  call.wait();
  // A call that is done before anyone listens reports it all the same when it is polled.
  CHECK(call.progress() == std::make_pair(std::uint64_t{3}, std::optional<std::uint64_t>(3)));
  CHECK(last == 0 || (last == 3 && all == 3u));
}

}  // namespace

int main(int argc, char **argv) {
  workplace = argc > 1 ? argv[1] : ".";
  RUN(verbs_are_methods);
  RUN(progress_counts_objects_where_no_bytes_move);
  RUN(errors_have_kinds);
  RUN(lent_functions_may_throw);
  RUN(streams_of_the_library_serve);
  RUN(a_reader_reads_and_seeks);
  RUN(a_writer_stores_only_when_closed);
  RUN(pages_are_a_range);
  RUN(cancelled_from_another_thread);
  RUN(progress_can_stop_a_call);
  return checked();
}
