public import Foundation
import Synchronization

/// A new folder that is removed with this object, or at the end of the process.
public final class TemporaryDirectory: Sendable {
  /// The folder.
  public let url: URL

  /// Makes the folder.
  ///
  /// - Parameter isShared: whether a static property keeps this object, which is then never released:
  ///   the end of the process removes the folder.
  public init(isShared: Bool = false) throws {
    url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    if isShared { Self.shared.withLock { $0.append(self) } }
  }

  /// The folders to remove at the end of the process.
  private static let shared: Mutex<[TemporaryDirectory]> = {
    atexit {
      TemporaryDirectory.shared.withLock { for directory in $0 { directory.remove() } }
    }
    return Mutex([])
  }()

  /// Makes an empty file in the folder.
  public func file(_ name: String) throws -> URL {
    let file = url.appending(path: name)
    try Data().write(to: file)
    return file
  }

  deinit { remove() }

  private func remove() {
    do {
      try FileManager.default.removeItem(at: url)
    } catch {
      print("\(url.path) could not be removed: \(error)")
    }
  }
}
