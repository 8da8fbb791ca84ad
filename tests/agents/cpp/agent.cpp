// The C++ agent: a JSON request a line in, a JSON answer a line out, see tests/agents/README.md.
//
// Invariant: only oarlock.hpp is used, as a C++ program would use it.

#include <cstddef>
#include <cstdio>
#include <functional>
#include <ios>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <oarlock.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "values.hpp"

using nlohmann::json;

namespace {

// What the agent's own failing readers and streams throw.
struct host_failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Chunks passed as a reader (as many bytes as it requests) or one by one.
std::function<std::size_t(char *, std::size_t)> feed(const json &chunks, bool as_reader, bool fails) {
  std::string bytes;
  std::vector<std::size_t> ends;
  for (const auto &chunk : chunks) {
    bytes += values::from_base64(chunk);
    if (ends.empty() || ends.back() != bytes.size()) ends.push_back(bytes.size());
  }
  return [=, at = std::size_t(0)](char *buffer, std::size_t size) mutable {
    std::size_t end = bytes.size();
    if (!as_reader)
      for (auto each = ends.rbegin(); each != ends.rend(); ++each) end = *each > at ? *each : end;
    const std::size_t count = bytes.copy(buffer, std::min(size, end - at), at);
    at += count;
    if (count == 0 && fails) throw host_failed("the reader failed");
    return count;
  };
}

oarlock::source make_source(const json &spec) {
  const auto [kind, value] = *spec.items().begin();
  if (kind == "file") return oarlock::source::file(value);
  if (kind == "bytes") return oarlock::source(values::from_base64(value));
  return oarlock::source::from(feed(value, kind != "iterator", kind == "reader_fails"));
}

json call(const oarlock::store &store, const std::string &verb, const json &args, bool reports) {
  oarlock::options options;
  oarlock::source source;
  oarlock::sink sink;
  std::optional<std::string> kept;
  for (const auto &[name, value] : args.items()) {
    if (value.contains("$source")) {
      source = make_source(value["$source"]);
    } else if (value.contains("$sink")) {
      const json &spec = value["$sink"];
      if (spec.is_object()) {
        sink = oarlock::sink::file(spec["file"]);
      } else if (spec == "stream") {
        kept.emplace();
        sink = oarlock::sink::to([&kept](std::string_view data) { kept->append(data); });
      } else if (spec == "stream_fails") {
        sink = oarlock::sink::to([](std::string_view) { throw host_failed("the stream failed"); });
      }
    } else if (name != "$pages") {
      options.set(name, values::from_json(value));
    }
  }
  if (reports) {
    std::uint64_t done = 0, total = 0, events = 0;
    oarlock::call call(store.get(), verb, options, std::move(source), std::move(sink), true);
    call.on_progress([&](std::uint64_t now, std::optional<std::uint64_t> all) {
      done = now;
      total = all.value_or(0);
      return true;
    });
    call.on_log([&](int, std::string_view) { ++events; });
    std::optional<oarlock::value> reply;
    // A limit that passes again and again, in the middle of the work.
    while (!(reply = call.wait_for(1))) continue;
    return {{"reply", values::to_json(*reply)}, {"done", done}, {"total", total}, {"events", events}};
  }
  for (const auto &row : oarlock::verbs()) {
    if (row["name"].as_str() != verb || !row["pages"].as_bool()) continue;
    json entries = json::array();
    auto left = args.value("$pages", -1);
    for (const auto &page : store.start_pages(verb, options)) {
      for (const auto &entry : page["entries"]) entries.push_back(values::to_json(entry));
      if (--left == 0) break;
    }
    return {{"entries", entries}};
  }
  json answer = values::to_json(store.start(verb, options, std::move(source), std::move(sink)).wait());
  if (kept) answer["body"] = values::bytes_to_json(*kept);
  return answer;
}

oarlock::options options_of(const json &request) {
  oarlock::options options;
  if (request.contains("args"))
    for (const auto &[name, value] : request["args"].items()) options.set(name, values::from_json(value));
  return options;
}

json read(const oarlock::store &store, const json &request) {
  auto file = store.open_reader(request["key"], options_of(request));
  json told = json::array();
  for (const auto &step : request["do"]) {
    const std::string what = step[0];
    if (what == "read") {
      std::string bytes;
      if (step.size() > 1 && step[1].is_number() && step[1] >= 0) {
        bytes.resize(step[1]);
        file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        bytes.resize(static_cast<std::size_t>(file.gcount()));
      } else {
        bytes.assign(std::istreambuf_iterator<char>(file), {});
      }
      // The end of an object is no failure, and a seek goes on from it.
      file.clear();
      told.push_back(values::bytes_to_json(bytes));
      continue;
    }
    if (what == "seek") {
      const std::ios_base::seekdir whences[] = {std::ios_base::beg, std::ios_base::cur, std::ios_base::end};
      file.seekg(step[1].get<std::streamoff>(), whences[step.size() > 2 ? step[2].get<int>() : 0]);
    }
    told.push_back(static_cast<std::int64_t>(file.tellg()));
  }
  return told;
}

json write(const oarlock::store &store, const json &request) {
  try {
    auto file = store.open_writer(request["key"], options_of(request));
    for (const auto &chunk : request["chunks"])
      file << values::from_base64(chunk.is_object() ? chunk["$bytes"] : chunk);
    if (request.value("fail", false)) throw host_failed("leaving by an error");
    return values::to_json(file.close());
  } catch (const host_failed &) {
    // The driver looks for what must not be there: let the cancelled call undo its work first.
    oarlock_drain(-1);
    return nullptr;
  }
}

json verbs() {
  json table;
  for (const auto &verb : oarlock::verbs()) {
    json &shape = table[std::string(verb["name"].as_str())];
    for (const char *kind : {"params", "options"}) {
      shape[kind] = json::array();
      for (const auto &field : verb[kind]) shape[kind].push_back(field["name"].as_str());
    }
  }
  return table;
}

json answer(std::map<int, oarlock::store> &stores, const json &request) {
  const std::string op = request["op"];
  if (op == "verbs") return verbs();
  if (op == "asked") return std::exchange(values::asked, json::array());
  if (op == "classes") {
    const oarlock::storage_classes classes(request["classes"].get<std::string>());
    json told = json::array();
    for (const auto &name : classes.names())
      told.push_back(values::to_json(classes.about(std::string(name.as_str()))));
    return told;
  }
  if (op == "check") {
    json told = json::object();
    for (const auto &[name, rows] : oarlock::storage_classes(request["classes"].get<std::string>()).check())
      told[name] = values::to_json(rows);
    return told;
  }
  if (op == "open" && request.contains("classes")) {
    oarlock::options given, overrides;
    if (request.contains("settings"))
      for (const auto &[name, value] : request["settings"].items()) given.set(name, values::from_json(value));
    if (request.contains("overrides"))
      for (const auto &[name, value] : request["overrides"].items())
        overrides.set(name, values::from_json(value));
    const oarlock::storage_classes classes(request["classes"].get<std::string>(), given, overrides);
    const int number = static_cast<int>(stores.size()) + 1;
    stores.emplace(number, classes[request["class"].get<std::string>()]);
    return number;
  }
  if (op == "open") {
    oarlock::options settings;
    if (request.contains("settings"))
      for (const auto &[name, value] : request["settings"].items())
        settings.set(name, values::from_json(value));
    const int number = static_cast<int>(stores.size()) + 1;
    stores.emplace(number, oarlock::store(request["url"].get<std::string>(), settings));
    return number;
  }
  oarlock::store &store = stores.at(request["store"]);
  if (op == "call") {
    const bool reports = request.value("reports", false);
    oarlock_log_level(reports ? 10 : 30);
    return call(store, request["verb"], request.value("args", json::object()), reports);
  }
  if (op == "reader") return read(store, request);
  if (op == "writer") return write(store, request);
  if (op == "close") return store.close(), nullptr;
  throw std::runtime_error("unknown request " + op);
}

}  // namespace

int main() {
  std::map<int, oarlock::store> stores;
  std::string line;
  while (std::getline(std::cin, line)) {
    const json request = json::parse(line);
    json told;
    try {
      told["ok"] = answer(stores, request);
    } catch (const oarlock::error &error) {
      told["error"] = values::to_json(error);
    } catch (const host_failed &error) {
      // C++ throws the host's own exception as it was; the protocol has only kinds, and `Io` is that of a
      // stream.
      told["error"] = {{"kind", "Io"},
                       {"message", error.what()},
                       {"verb", request["verb"]},
                       {"key", request["args"]["key"]},
                       {"bucket", nullptr},
                       {"status", nullptr},
                       {"code", nullptr},
                       {"request_id", nullptr},
                       {"retryable", false}};
    }
    std::cout << told.dump() << std::endl;
  }
}
