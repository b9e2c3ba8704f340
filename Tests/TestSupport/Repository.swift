public import Foundation

/// The paths of this checkout, for tests that read its files.
public enum Repository {
  /// The folder with Package.swift.
  public static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Fixtures made by Tests/Golden/make.py.
  public static let golden = root.appending(path: "Tests/Golden")

  /// Material beside the checkout, such as photographs; nil: it does not exist. Prints a note then,
  /// so that a skipped test is noticed.
  public static func shared(_ path: String) -> URL? {
    let url = root.deletingLastPathComponent().appending(path: "shared/\(path)")
    if FileManager.default.fileExists(atPath: url.path) { return url }
    print("SKIPPED: \(url.path) does not exist, so the tests that need it are skipped.")
    return nil
  }
}
