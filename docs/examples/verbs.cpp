// An example of each verb. Written by docs/generate.py from the core's tables; do not edit.
//
// Reads lines of `VERB URL` and prints, for each, `ok` or the kind of the error.

#include <functional>
#include <iostream>
#include <map>
#include <oarlock.hpp>
#include <string>

static const std::map<std::string, std::function<void(const oarlock::store &)>> EXAMPLES = {
    {"get", [](const oarlock::store &store) {
       // --8<-- [start:get]
       auto reply = store.get("greeting");
       // --8<-- [end:get]
       (void)reply;
     }},
    {"fetch_through", [](const oarlock::store &store) {
       // --8<-- [start:fetch_through]
       auto reply = store.fetch_through("greeting", "https://example.com/greeting");
       // --8<-- [end:fetch_through]
       (void)reply;
     }},
    {"head_through", [](const oarlock::store &store) {
       // --8<-- [start:head_through]
       auto reply = store.head_through("greeting", "https://example.com/greeting");
       // --8<-- [end:head_through]
       (void)reply;
     }},
    {"get_ranges", [](const oarlock::store &store) {
       // --8<-- [start:get_ranges]
       auto reply = store.get_ranges("greeting", oarlock::list{"0-1", "3-4"});
       // --8<-- [end:get_ranges]
       (void)reply;
     }},
    {"put", [](const oarlock::store &store) {
       // --8<-- [start:put]
       auto reply = store.put("greeting", "hello");
       // --8<-- [end:put]
       (void)reply;
     }},
    {"put_by_content", [](const oarlock::store &store) {
       // --8<-- [start:put_by_content]
       auto reply = store.put_by_content("hello");
       // --8<-- [end:put_by_content]
       (void)reply;
     }},
    {"head", [](const oarlock::store &store) {
       // --8<-- [start:head]
       auto reply = store.head("greeting");
       // --8<-- [end:head]
       (void)reply;
     }},
    {"exists", [](const oarlock::store &store) {
       // --8<-- [start:exists]
       auto reply = store.exists("greeting");
       // --8<-- [end:exists]
       (void)reply;
     }},
    {"delete", [](const oarlock::store &store) {
       // --8<-- [start:delete]
       auto reply = store.delete_("greeting");
       // --8<-- [end:delete]
       (void)reply;
     }},
    {"delete_many", [](const oarlock::store &store) {
       // --8<-- [start:delete_many]
       auto reply = store.delete_many(oarlock::list{"reports/2025.csv", "reports/2026.csv"});
       // --8<-- [end:delete_many]
       (void)reply;
     }},
    {"get_many", [](const oarlock::store &store) {
       // --8<-- [start:get_many]
       auto reply = store.get_many(oarlock::list{"reports/2025.csv", "reports/2026.csv"});
       // --8<-- [end:get_many]
       (void)reply;
     }},
    {"put_many", [](const oarlock::store &store) {
       // --8<-- [start:put_many]
       auto reply = store.put_many(oarlock::list{oarlock::options{{"key", "a.csv"}, {"body", "1,2"}}, oarlock::options{{"key", "b.csv"}, {"body", "3,4"}}});
       // --8<-- [end:put_many]
       (void)reply;
     }},
    {"head_many", [](const oarlock::store &store) {
       // --8<-- [start:head_many]
       auto reply = store.head_many(oarlock::list{"reports/2025.csv", "reports/2026.csv"});
       // --8<-- [end:head_many]
       (void)reply;
     }},
    {"sync_up", [](const oarlock::store &store) {
       // --8<-- [start:sync_up]
       auto reply = store.sync_up("site", "site/");
       // --8<-- [end:sync_up]
       (void)reply;
     }},
    {"sync_down", [](const oarlock::store &store) {
       // --8<-- [start:sync_down]
       auto reply = store.sync_down("site", "site/");
       // --8<-- [end:sync_down]
       (void)reply;
     }},
    {"copy", [](const oarlock::store &store) {
       // --8<-- [start:copy]
       auto reply = store.copy("greeting", "greeting-2");
       // --8<-- [end:copy]
       (void)reply;
     }},
    {"move", [](const oarlock::store &store) {
       // --8<-- [start:move]
       auto reply = store.move("greeting", "greeting-2");
       // --8<-- [end:move]
       (void)reply;
     }},
    {"rekey", [](const oarlock::store &store) {
       // --8<-- [start:rekey]
       auto reply = store.rekey("greeting");
       // --8<-- [end:rekey]
       (void)reply;
     }},
    {"rekey_all", [](const oarlock::store &store) {
       // --8<-- [start:rekey_all]
       auto reply = store.rekey_all("reports/");
       // --8<-- [end:rekey_all]
       (void)reply;
     }},
    {"find_unencrypted", [](const oarlock::store &store) {
       // --8<-- [start:find_unencrypted]
       auto reply = store.find_unencrypted("reports/");
       // --8<-- [end:find_unencrypted]
       (void)reply;
     }},
    {"encrypt_all", [](const oarlock::store &store) {
       // --8<-- [start:encrypt_all]
       auto reply = store.encrypt_all("reports/");
       // --8<-- [end:encrypt_all]
       (void)reply;
     }},
    {"list", [](const oarlock::store &store) {
       // --8<-- [start:list]
       for (const auto &page : store.list("reports/"))
         for (auto entry : page["entries"]) std::cout << entry["key"].as_str() << '\n';
       // --8<-- [end:list]
     }},
    {"list_versions", [](const oarlock::store &store) {
       // --8<-- [start:list_versions]
       for (const auto &page : store.list_versions("reports/"))
         for (auto entry : page["entries"]) std::cout << entry["key"].as_str() << '\n';
       // --8<-- [end:list_versions]
     }},
    {"usage", [](const oarlock::store &store) {
       // --8<-- [start:usage]
       auto reply = store.usage("reports/");
       // --8<-- [end:usage]
       (void)reply;
     }},
    {"verify", [](const oarlock::store &store) {
       // --8<-- [start:verify]
       auto reply = store.verify("reports/");
       // --8<-- [end:verify]
       (void)reply;
     }},
    {"presign", [](const oarlock::store &store) {
       // --8<-- [start:presign]
       auto reply = store.presign("greeting", {{"expires_in", 600}});
       // --8<-- [end:presign]
       (void)reply;
     }},
    {"get_acl", [](const oarlock::store &store) {
       // --8<-- [start:get_acl]
       auto reply = store.get_acl("greeting");
       // --8<-- [end:get_acl]
       (void)reply;
     }},
    {"set_acl", [](const oarlock::store &store) {
       // --8<-- [start:set_acl]
       store.set_acl("greeting", {{"acl", "private"}});
       // --8<-- [end:set_acl]
     }},
    {"get_tags", [](const oarlock::store &store) {
       // --8<-- [start:get_tags]
       auto reply = store.get_tags("greeting");
       // --8<-- [end:get_tags]
       (void)reply;
     }},
    {"set_tags", [](const oarlock::store &store) {
       // --8<-- [start:set_tags]
       store.set_tags("greeting", oarlock::options{{"team", "data"}});
       // --8<-- [end:set_tags]
     }},
    {"delete_tags", [](const oarlock::store &store) {
       // --8<-- [start:delete_tags]
       store.delete_tags("greeting");
       // --8<-- [end:delete_tags]
     }},
    {"bucket_region", [](const oarlock::store &store) {
       // --8<-- [start:bucket_region]
       auto reply = store.bucket_region();
       // --8<-- [end:bucket_region]
       (void)reply;
     }},
    {"credentials", [](const oarlock::store &store) {
       // --8<-- [start:credentials]
       auto reply = store.credentials();
       // --8<-- [end:credentials]
       (void)reply;
     }},
    {"explain", [](const oarlock::store &store) {
       // --8<-- [start:explain]
       auto reply = store.explain({{"check", true}});
       // --8<-- [end:explain]
       (void)reply;
     }},
    {"stats", [](const oarlock::store &store) {
       // --8<-- [start:stats]
       auto reply = store.stats();
       // --8<-- [end:stats]
       (void)reply;
     }},
    {"list_buckets", [](const oarlock::store &store) {
       // --8<-- [start:list_buckets]
       auto reply = store.list_buckets();
       // --8<-- [end:list_buckets]
       (void)reply;
     }},
    {"create_bucket", [](const oarlock::store &store) {
       // --8<-- [start:create_bucket]
       store.create_bucket();
       // --8<-- [end:create_bucket]
     }},
    {"delete_bucket", [](const oarlock::store &store) {
       // --8<-- [start:delete_bucket]
       store.delete_bucket();
       // --8<-- [end:delete_bucket]
     }},
    {"get_versioning", [](const oarlock::store &store) {
       // --8<-- [start:get_versioning]
       auto reply = store.get_versioning();
       // --8<-- [end:get_versioning]
       (void)reply;
     }},
    {"set_versioning", [](const oarlock::store &store) {
       // --8<-- [start:set_versioning]
       store.set_versioning("Enabled");
       // --8<-- [end:set_versioning]
     }},
    {"set_bucket_acl", [](const oarlock::store &store) {
       // --8<-- [start:set_bucket_acl]
       store.set_bucket_acl("private");
       // --8<-- [end:set_bucket_acl]
     }},
    {"list_uploads", [](const oarlock::store &store) {
       // --8<-- [start:list_uploads]
       for (const auto &page : store.list_uploads("reports/"))
         for (auto entry : page["entries"]) std::cout << entry["key"].as_str() << '\n';
       // --8<-- [end:list_uploads]
     }},
    {"abort_upload", [](const oarlock::store &store) {
       // --8<-- [start:abort_upload]
       store.abort_upload("greeting", "upload-7");
       // --8<-- [end:abort_upload]
     }},
    {"abort_uploads", [](const oarlock::store &store) {
       // --8<-- [start:abort_uploads]
       auto reply = store.abort_uploads("reports/");
       // --8<-- [end:abort_uploads]
       (void)reply;
     }}
};

int main() {
  std::string verb, url;
  while (std::cin >> verb >> url) {
    try {
      EXAMPLES.at(verb)(oarlock::store(url));
      std::cout << "= ok" << std::endl;
    } catch (const oarlock::error &error) {
      std::cout << "= " << error.kind_name() << std::endl;
    }
  }
}
