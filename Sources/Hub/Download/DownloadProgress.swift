import Synchronization

/// How far a download is.
package struct DownloadProgress: Sendable {
  /// Bytes that are there, of `total`.
  package let done: Int
  package let total: Int
  /// Bytes of these that did not come over the network: left by an earlier try, or from the cache.
  package let found: Int
}

/// Adds up the bytes of several files.
final class ProgressCounter: Sendable {
  private let total: Int
  private let found: Int
  private let bytes: Mutex<[String: Int]>
  private let report: @Sendable (DownloadProgress) -> Void

  init(_ places: [DownloadPlace], report: @escaping @Sendable (DownloadProgress) -> Void) {
    total = places.map(\.file.size).reduce(0, +)
    found = total - places.map(\.missing).reduce(0, +)
    bytes = Mutex(
      Dictionary(uniqueKeysWithValues: places.map { ($0.file.path, $0.file.size - $0.missing) }))
    self.report = report
  }

  /// The bytes of a file that are there.
  func set(_ path: String, to count: Int) {
    let done = bytes.withLock { bytes in
      bytes[path] = count
      return bytes.values.reduce(0, +)
    }
    report(DownloadProgress(done: done, total: total, found: found))
  }
}
