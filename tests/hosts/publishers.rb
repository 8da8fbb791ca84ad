# frozen_string_literal: true

# Several publishers at a time, each in a process of its own, and whether the source is right afterwards.

# Runs the block in a child.
def child(&block)
  fork do
    block.call
    exit!(0)
  rescue StandardError => error
    warn error.full_message
    exit!(1)
  end
end

def joined(children)
  failed = children.reject { |pid| Process.wait2(pid).last.success? }
  raise "#{failed.size} of #{children.size} publishers failed" unless failed.empty?
end

# All findings of a check are right.
def sound(source, except: [])
  wrong = Check.new(source, deep: true).call.reject { |found| found.ok || except.include?(found.what) }
  raise "check: #{wrong.map { |found| "#{found.what}: #{found.detail}" }.join("\n")}" unless wrong.empty?
end
