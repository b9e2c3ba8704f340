public import Foundation

/// Where this checkout is, for tests that read files of it.
public enum Repository {
  /// The folder with Package.swift.
  public static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Fixtures made by Tests/Golden/make.py.
  public static let golden = root.appending(path: "Tests/Golden")

  /// Material beside the checkout that is not part of it, as real photographs; nil where it is not
  /// there, and then said, so that a skipped test is seen.
  public static func shared(_ path: String) -> URL? {
    let url = root.deletingLastPathComponent().appending(path: "shared/\(path)")
    if FileManager.default.fileExists(atPath: url.path) { return url }
    print("SKIPPED: \(url.path) is not there, so what needs it is not tested.")
    return nil
  }
}
