# frozen_string_literal: true

# Publishing to a gem source in a bucket: by `gem s3`, `gem push` and `rake release`. The real `gem` and
# `bundle` read the result, with oarlock and without.
#
#   ruby tests/hosts/publish.rb, with the environment of `workshop.rb`
#
# Prints a line for each thing proved; the first failure ends it.
require "set"
require_relative "workshop"

Dir.mktmpdir("oarlock-publish-") do |directory|
  shop = Workshop.new(directory)
  Fake.post("bucket", {name: "publish-a", anonymous_read: true}) if FAKE
  url = "s3://publish-a/gems-of-tests/"
  source = Source.new(url)
  ring = %w[1.0.0 1.1.0 2.0.0.pre1].map { |version| shop.build("oar_ring", version) }
  boat = shop.build("oar_boat", "1.0.0", needs: {"oar_ring" => ["~> 1.0", "< 3"]})
  built = shop.build("oar_boat", "1.0.0", platform: "x86_64-linux", needs: {"oar_ring" => "~> 1.0"})

  proves("push: several gems, each index file once; again: success") do
    out = shop.gem("s3", "push", *ring, boat, built, "--source", url)
    expect out, /oar_ring 2\.0\.0\.pre1: pushed/
    expect out, /oar_boat 1\.0\.0-x86_64-linux: pushed/
    expect shop.gem("s3", "push", *ring, "--source", url), /oar_ring 1\.0\.0: present/
    sound(source)
  end

  proves("push: refused for other bytes, names, hosts and yanked numbers; nothing is changed") do
    before = source.snapshot.versions.to_s
    other = shop.build("oar_ring", "1.0.0", content: "-other")
    expect shop.gem("s3", "push", other, "--source", url, ok: false), /exists with other content/
    plus = shop.build("plus+gem", "1")
    expect shop.gem("s3", "push", plus, "--source", url, ok: false), /the name "plus\+gem"/
    host = shop.build("oar_host", "1", metadata: {"allowed_push_host" => "s3://elsewhere/gems"})
    expect shop.gem("s3", "push", host, "--source", url, ok: false), /allows s3:\/\/elsewhere\/gems only/
    broken = "#{directory}/broken.gem"
    File.binwrite(broken, File.binread(boat)[0...-700])
    expect shop.gem("s3", "push", broken, "--source", url, ok: false), /not a whole gem/
    expect shop.gem("s3", "push", "no.gem", "--source", url, ok: false), /there is no file no\.gem/
    raise "the index changed" unless source.snapshot.versions.to_s == before
  end

  proves("clients with oarlock: gem list, install") do
    expect shop.gem("list", "-r", "--all", "--clear-sources", "--source", url),
           /oar_ring \(1\.1\.0, 1\.0\.0\)/
    expect shop.gem("list", "-r", "--prerelease", "--clear-sources", "--source", url), /2\.0\.0\.pre1/
    expect shop.gem("install", "oar_boat", "--clear-sources", "--source", url, "-N"), /2 gems installed/
  end

  if FAKE
    http = "#{ENDPOINT}/publish-a/gems-of-tests/"
    proves("stock clients over plain HTTP, without oarlock: list, install, specification, bundle") do
      at = {stock: true, home: "stock"}
      expect shop.gem("list", "-r", "--clear-sources", "--source", http, **at), /oar_boat \(1\.0\.0/
      from = ["--clear-sources", "--source", http]
      expect shop.gem("specification", "-r", "oar_boat", *from, **at), /oar_ring/
      expect shop.gem("install", "oar_boat", *from, "-N", **at), /2 gems installed/
      File.write("#{directory}/stock/Gemfile", "source #{http.inspect}\ngem 'oar_boat'\n")
      expect shop.run("bundle", "install", "--path", "vendor", **at), /Bundle complete/
      Fake.forget
      File.delete("#{directory}/stock/Gemfile.lock")
      expect shop.run("bundle", "lock", **at), /Writing lockfile/
      moved = Fake.log.sum { |request| request["reply_length"].to_i }
      raise "an unchanged index moved #{moved} bytes" if moved > 1024
    end

    proves("push of a new name: at most 12 requests") do
      one = shop.build("oar_new", "1")
      Fake.forget
      Push.new(Source.new(url)).call([one])
      sent = Fake.log.map { |request| [request["method"], request["key"]].join(" ") }
      raise "#{sent.size} requests: #{sent.join(", ")}" if sent.size > 12
    end
  end

  proves("yank: only that build; a yanked number is refused; unyank of a kept gem") do
    shop.gem("s3", "yank", "oar_boat", "-v", "1.0.0", "--platform", "x86_64-linux", "--source", url)
    raise "the other build is gone" unless listed(source).include?("oar_boat-1.0.0")
    raise "the gem is still there" if source.store.exists?("gems/oar_boat-1.0.0-x86_64-linux.gem")

    expect shop.gem("s3", "push", built, "--source", url, ok: false), /was yanked/
    expect shop.gem("s3", "yank", "oar_boat", "-v", "9", "--source", url, ok: false),
           /has no oar_boat 9; it has 1\.0\.0/
    shop.gem("s3", "yank", "oar_ring", "-v", "1.0.0", "--keep-gem", "--source", url)
    expect shop.gem("list", "-r", "--all", "oar_ring", "--clear-sources", "--source", url), /\(1\.1\.0\)/
    line = Info.parse(source.read("info/oar_ring").first)
    shop.gem("s3", "index", "--source", url)
    raise "index lists a yanked gem" if listed(source).include?("oar_ring-1.0.0")

    shop.gem("s3", "unyank", "oar_ring", "-v", "1.0.0", "--source", url)
    again = Info.parse(source.read("info/oar_ring").first)
    raise "another line" unless again.lines.except("1.0.0") == line.lines && again.lines.key?("1.0.0")

    sound(source)
  end

  proves("index: the same bytes again, without a write") do
    state = -> { source.store.list.to_h { |entry| [entry.key, [entry.etag, entry.last_modified]] } }
    Index.new(source).call
    before = state.call
    Index.new(source).call
    raise "other bytes" unless state.call == before

    source.store.delete_many(before.keys.reject { |key| key.start_with?("gems/") || key == "versions" })
    Index.new(source).call
    etags = [before, state.call].map { |objects| objects.transform_values(&:first) }
    raise "other bytes from gems" unless etags.uniq.size == 1
  end

  proves("index: adopts what generate_index wrote; then a second index reads no gem whole") do
    adopted = Source.new("s3://publish-b")
    FileUtils.mkdir_p("#{directory}/old/gems")
    FileUtils.cp([*ring, boat, built], "#{directory}/old/gems")
    shop.run("gem", "generate_index", "--directory", "#{directory}/old", stock: true)
    adopted.store.sync_up("#{directory}/old", "")
    refused(/run `gem s3 index/) { Push.new(adopted).call([boat]) }
    report = Index.new(adopted).call
    raise "#{report.adopted} adopted" unless report.adopted == 5

    sound(adopted)
    %w[specs latest_specs prerelease_specs].each do |name|
      bodies = [adopted.read("#{name}.4.8.gz").first, File.binread("#{directory}/old/#{name}.4.8.gz")]
      ours, theirs = bodies.map { |body| Marshal.load(Gem::Util.gunzip(body)) }
      # RubyGems 3.3 keeps one of two builds of the newest version.
      ours -= [["oar_boat", Gem::Version.new("1.0.0"), "ruby"]] if name == "latest_specs"
      raise "#{name}: #{ours.inspect} is not #{theirs.inspect}" unless ours.to_set == theirs.to_set
    end
    Fake.forget if FAKE
    raise "adopted twice" unless Index.new(adopted).call.adopted.zero?

    whole = FAKE ? Fake.log.select { |one| one["op"] == "GetObject" && !one["headers"].key?("range") } : []
    whole.select! { |one| one["key"].start_with?("gems/") }
    raise "read whole: #{whole.map { |one| one["key"] }}" unless whole.empty?

    expect shop.gem("install", "oar_boat", "--clear-sources", "--source", "s3://publish-b", "-N", home: "b"),
           /2 gems installed/
  end

  proves("index: a broken gem fails it, and nothing is written") do
    damaged = Source.new("s3://publish-b")
    before = damaged.snapshot.to_a.map(&:to_s)
    damaged.store.put("gems/oar_half-1.gem", File.binread(boat)[0...-700])
    damaged.store.put("gems/oar_none-1.gem", "")
    out = shop.gem("s3", "index", "--source", "s3://publish-b", ok: false)
    expect out, %r{gems/oar_half-1\.gem is not a whole gem}
    expect out, %r{gems/oar_none-1\.gem is empty}
    raise "the index changed" unless damaged.snapshot.to_a.map(&:to_s) == before
  end

  proves("a broken versions file: push is refused, index mends it") do
    mended = Source.new("s3://publish-b")
    mended.store.delete_many(%w[gems/oar_half-1.gem gems/oar_none-1.gem])
    text = mended.snapshot.versions.to_s
    ["", text[0...-3], "garbage\n", "#{text}oar_boat x.y md5\n"].each do |broken|
      mended.store.put("versions", broken)
      refused(/run `gem s3 index/) { Push.new(mended).call([shop.build("oar_more", "1")]) }
      Index.new(mended).call
      sound(mended)
    end
  end

  proves("mirror: a gem and what it needs, from another source") do
    out = shop.gem("s3", "mirror", "oar_boat", "--from", url, "--source", "s3://publish-c")
    expect out, /oar_boat 1\.0\.0: pushed/
    expect out, /oar_ring 1\.1\.0: pushed/
    raise "more than needed" unless listed(Source.new("s3://publish-c")) == %w[oar_boat-1.0.0 oar_ring-1.1.0]
  end

  proves("options: --dry-run, --json, --profile, the only source of .gemrc, --newer-than") do
    place = "s3://publish-c/options"
    expect shop.gem("s3", "push", boat, "--dry-run", "--source", place), /oar_boat 1\.0\.0: would push/
    raise "something was written" unless Source.new(place).store.list.none?

    gemrc = YAML.load_file(shop.gemrc)
    gemrc["s3_source"]["publish-c"]["secret"] = "wrong"
    File.write(reader = "#{directory}/reader", YAML.dump({sources: [place], **gemrc}))
    FileUtils.mkdir_p("#{directory}/home/.aws")
    File.write("#{directory}/home/.aws/credentials",
               "[publisher]\naws_access_key_id = #{ID}\naws_secret_access_key = #{SECRET}\n")
    at = {env: {"GEMRC" => reader}}
    expect shop.gem("s3", "push", boat, "--config-file", reader, ok: false, **at), /SignatureDoesNotMatch/
    out = shop.gem("s3", "push", boat, "--profile", "publisher", "--json", "--config-file", reader, **at)
    sum = GemFile.new(boat).sha256
    pushed = {"name" => "oar_boat", "number" => "1.0.0", "sha256" => sum, "action" => "pushed"}
    raise out unless JSON.parse(out) == [pushed]

    mirror = ["s3", "mirror", "oar_ring", "--from", url, "--source", place, "--newer-than"]
    expect shop.gem(*mirror, "2999-01-01", ok: false), /has nothing of oar_ring/
    expect shop.gem(*mirror, "soon", ok: false), /takes a day/
  end

  proves("a store that encrypts: push, index, install with the key") do
    gemrc = YAML.load_file(shop.gemrc)
    gemrc["s3_source"]["publish-f"]["encryption_aes_key"] = ["k" * 32].pack("m0")
    File.write(sealed = "#{directory}/sealed", YAML.dump(gemrc))
    at = {env: {"GEMRC" => sealed}, home: "locked"}
    shop.gem("s3", "push", boat, *ring, "--source", "s3://publish-f/sealed", **at)
    shop.gem("s3", "index", "--source", "s3://publish-f/sealed", **at)
    shop.gem("s3", "check", "--source", "s3://publish-f/sealed", **at)
    from = ["--clear-sources", "--source", "s3://publish-f/sealed"]
    expect shop.gem("install", "oar_boat", *from, "-N", **at), /2 gems installed/
  end

  proves("gem push --host, allowed_push_host, rake release, and gem within a bundle") do
    host = "s3://publish-c"
    expect shop.gem("push", ring.first, "--host", host), /oar_ring 1\.0\.0: pushed/
    allowed = shop.build("oar_mine", "1", metadata: {"allowed_push_host" => "s3://publish-c/"})
    expect shop.gem("push", allowed), /oar_mine 1: pushed/
    FileUtils.mkdir_p(work = "#{directory}/release")
    File.write("#{work}/oar_task.gemspec", <<~RUBY)
      Gem::Specification.new("oar_task", "1.0") do |s|
        s.summary = "x"
        s.authors = ["oarlock"]
        s.license = "MIT"
        s.homepage = "https://example.com"
        s.files = []
        s.metadata["allowed_push_host"] = "s3://publish-c"
      end
    RUBY
    File.write("#{work}/Rakefile", "require 'bundler/gem_tasks'\n")
    File.write("#{work}/Gemfile", "gemspec\ngem 'rake'\n")
    File.write("#{work}/.gitignore", "pkg\nGemfile.lock\n")
    shop.run("sh", "-c", <<~SH, chdir: work)
      git init -q -b main . && git init -q --bare ../origin.git && git remote add origin ../origin.git &&
      git config user.name x && git config user.email x@example.com &&
      git add . && git commit -qm x && git push -q -u origin main
    SH
    # In the bundle, where oarlock is installed but not listed.
    installed = {"GEM_HOME" => shop.install, "GEM_PATH" => nil, "RUBYLIB" => nil}
    expect shop.run("bundle", "exec", "rake", "release", chdir: work, env: installed),
           /oar_task 1\.0: pushed.*Pushed oar_task 1\.0 to s3:\/\/publish-c/m
    expect shop.run("gem", "s3", "list", "--source", host, env: installed), /oar_task \(1\.0\)/
    raise "not there" unless listed(Source.new(host)).include?("oar_task-1.0")

    in_bundle = {chdir: work, env: installed}
    expect shop.run("bundle", "exec", "gem", "s3", "list", "--source", host, **in_bundle), /oar_task \(1\.0\)/
    list = %w[bundle exec gem list -r oar_task --clear-sources --source]
    expect shop.run(*list, host, **in_bundle), /oar_task \(1\.0\)/
  end

  next unless FAKE

  proves("a server without conditional writes: refused; --unsafe publishes") do
    gem = shop.build("oar_risk", "1")
    Fake.plan({match: {}, fault: {ignore_headers: %w[if-match if-none-match]}})
    risk = "s3://publish-f"
    expect shop.gem("s3", "push", gem, "--source", risk, ok: false), /the server ignores conditional writes/
    expect shop.gem("s3", "check", "--source", risk, ok: false), /BAD +conditional writes/
    raise "something was published" if Source.new(risk).store.exists?("versions")

    shop.gem("s3", "push", gem, "--unsafe", "--source", risk)
    Fake.plan({match: {method: "PUT", header: "if-match"}, fault: {status: 501, code: "NotImplemented"}})
    refused(/ignores conditional writes/) { Push.new(Source.new(risk)).call([gem]) }
    Fake.plan
    sound(Source.new(risk))
  end

  proves("permissions: a publisher without s3:ListBucket; a reader who checks; headers; symbols in .gemrc") do
    Fake.post("bucket", {name: "publish-f", allow: %w[s3:GetObject s3:PutObject]})
    refused(/needs s3:ListBucket/) { Push.new(Source.new("s3://publish-f")).call([ring.first]) }
    Fake.post("bucket", {name: "publish-f", allow: %w[s3:GetObject s3:ListBucket]})
    out = shop.gem("s3", "check", "--source", "s3://publish-f")
    expect out, /this identity may not publish/
    expect out, /ok +lists/
    known = File.read(shop.gemrc)
    File.write(shop.gemrc, known.gsub(/ id: .*/, " id: nobody"))
    [["push", ring.first], ["check"], ["list"]].each do |command|
      out = shop.gem("s3", *command, "--source", url, ok: false)
      expect out, /does not know this access key id/
      raise out if out.include?("ListBucket")
    end
    File.write(shop.gemrc, known)
    meta = source.store.head("specs.4.8.gz")
    raise meta.inspect unless meta.content_encoding.nil? && meta.cache_control == "no-cache"

    meta = source.store.head("gems/oar_ring-1.0.0.gem")
    raise meta.inspect unless meta.cache_control.include?("immutable") && meta.metadata.key?("created-at")

    File.write("#{directory}/symbols", File.read(shop.gemrc).gsub(/^    "?(\w+)"?:/, '    :\1:'))
    expect shop.gem("s3", "check", "--source", url, "--config-file", "#{directory}/symbols", ok: false),
           /BAD +settings: .* symbols for keys/
  end
end
