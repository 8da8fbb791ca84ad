# frozen_string_literal: true

require_relative "support"

# A store works on in children and grandchildren, whatever their parent was doing; a call of the parent's does
# not.
class ForkTest < OarlockTest
  BUSY = <<~'RUBY'
    require "oarlock"
    store = Oarlock.open("s3://#{ARGV[1]}", endpoint: ARGV[0], access_key_id: "test",
                         secret_access_key: "secret")
    busy = Array.new(4) { Thread.new { loop { store.get("a") } } }
    store.get("a")
    good = 0
    5.times do
      children = Array.new(10) do
        read, write = IO.pipe
        child = fork do
          write << store.get("a")
          grandchild = fork { write << store.get("a") }
          Process.wait(grandchild)
          exit 3 unless $?.success?
        end
        write.close
        [child, read]
      end
      children.each do |child, read|
        Process.wait(child)
        good += 1 if $?.success? && read.read == "xx"
      end
    end
    store.get("a")
    abort "the parent was harmed" unless busy.all?(&:alive?)
    puts good
  RUBY

  def test_fifty_children_and_grandchildren
    store = Fake.store
    store.put("a", "x")
    assert_equal "50\n", ruby(BUSY, Fake.endpoint, store.url.delete_prefix("s3://").chomp("/"))
  end

  def test_a_call_of_the_parent
    silence = Silence.new
    script = <<~'RUBY'
      require "oarlock"
      store = Oarlock.open("s3://bucket", endpoint: ARGV[0], access_key_id: "k", secret_access_key: "s")
      call = store.start("get", {key: "a"})
      Process.wait(fork { call.result rescue puts $!.kind })
      exit $?.exitstatus
    RUBY
    assert_equal "Forked\n", ruby(script, silence.endpoint)
  ensure
    silence&.close
  end
end
