import Torch

/// Values read from the disk and verified, kept in memory up to a number of bytes. The least
/// recently used are dropped first.
final class MemoryCache<Key: Hashable, Value> {
  /// The limit of a training in bytes, one for latents and one for text: 500 latents of SDXL at
  /// 1024 pixels take 260 MB, 500 captions 320 MB.
  static var standardLimit: Int { 512 << 20 }

  private struct Entry {
    let value: Value
    let bytes: Int
    /// Last use, by `clock`.
    var used: Int
  }

  private let limit: Int
  private var entries: [Key: Entry] = [:]
  private var clock = 0
  /// Size of all values.
  private(set) var bytes = 0

  init(limit: Int) { self.limit = limit }

  /// The value of a key; nil if it was dropped or never inserted.
  func value(_ key: Key) -> Value? {
    clock += 1
    entries[key]?.used = clock
    return entries[key]?.value
  }

  /// Inserts a value of `size` bytes, unless it alone is above the limit.
  func insert(_ value: Value, bytes size: Int, for key: Key) {
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
  /// Size of the elements.
  var byteCount: Int { count * dtype.itemSize }
}
