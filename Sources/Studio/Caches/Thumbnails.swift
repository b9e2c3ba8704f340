import Foundation
import Images
import Synchronization

/// Small versions of pictures, kept in memory. They are not written to the disk, since looking changes
/// nothing there.
final class Thumbnails: Sendable {
  private static let largestMemory = 64 << 20

  private struct Kept {
    var files: [String: Data] = [:]
    /// In the order of their last use.
    var order: [String] = []
    var bytes = 0
  }

  private let kept = Mutex(Kept())

  /// A PNG file of which neither side has more pixels than `side`; nil if the picture is not larger.
  /// Throws `ImageError`, `ResamplingError`.
  func small(_ file: URL, side: Int) throws -> Data? {
    let key = "\(side) \(file.path)"
    let known = kept.withLock { kept -> Data? in
      guard let data = kept.files[key] else { return nil }
      kept.order.removeAll { $0 == key }
      kept.order.append(key)
      return data
    }
    if let known { return known }
    let image = try ImageDecoder.decode(contentsOf: file)
    guard max(image.width, image.height) > side else { return nil }
    let data = try PNGEncoder.encode(image.within(side))
    kept.withLock { kept in
      guard kept.files.updateValue(data, forKey: key) == nil else { return }
      kept.order.append(key)
      kept.bytes += data.count
      while kept.bytes > Self.largestMemory, let oldest = kept.order.first {
        kept.order.removeFirst()
        kept.bytes -= kept.files.removeValue(forKey: oldest)?.count ?? 0
      }
    }
    return data
  }
}
