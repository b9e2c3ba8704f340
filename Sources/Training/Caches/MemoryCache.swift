import Torch

/// Values that were read from the disk and verified, kept in memory up to a number of bytes: the least
/// recently used are dropped first.
final class MemoryCache<Key: Hashable, Value> {
  /// How many bytes a training keeps of latents, and as many of text: 500 latents of SDXL at 1024
  /// pixels take 260 MB, as many captions 320 MB.
  static var standardLimit: Int { 512 << 20 }

  private struct Entry {
    let value: Value
    let bytes: Int
    /// When it was used last, by `clock`.
    var used: Int
  }

  private let limit: Int
  private var entries: [Key: Entry] = [:]
  private var clock = 0
  /// Bytes of what is kept.
  private(set) var bytes = 0

  /// Keeps at most `limit` bytes.
  init(limit: Int) { self.limit = limit }

  /// The value of a key, where it is still kept.
  func value(_ key: Key) -> Value? {
    clock += 1
    entries[key]?.used = clock
    return entries[key]?.value
  }

  /// Keeps a value of some bytes, unless it alone is above the limit.
  func keep(_ value: Value, bytes size: Int, for key: Key) {
    remove(key)
    guard size <= limit else { return }
    while bytes + size > limit, let oldest = entries.min(by: { $0.value.used < $1.value.used }) {
      remove(oldest.key)
    }
    clock += 1
    entries[key] = Entry(value: value, bytes: size, used: clock)
    bytes += size
  }

  private func remove(_ key: Key) {
    bytes -= entries.removeValue(forKey: key)?.bytes ?? 0
  }
}

extension Tensor {
  /// Bytes of the elements.
  var byteCount: Int { count * dtype.itemSize }
}
