import Foundation

/// The machine's own memory.
package enum MachineMemory {
  /// Bytes that can be allocated without swapping, as Linux counts them; nil if it gives no number.
  package static func available() -> Int? { entry("MemAvailable:") }

  /// Bytes that this process may use: the machine's memory, or less in a container with a limit.
  package static func total() -> Int {
    let machine = entry("MemTotal:") ?? Int(ProcessInfo.processInfo.physicalMemory)
    return contents("/sys/fs/cgroup/memory.max").flatMap { Int($0.dropLast()) }
      .map { min($0, machine) } ?? machine
  }

  /// An entry of Linux's list, in bytes.
  private static func entry(_ name: String) -> Int? {
    contents("/proc/meminfo")?.split(separator: "\n").first { $0.hasPrefix(name) }
      .flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) }.map { $0 << 10 }
  }

  private static func contents(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }
}
