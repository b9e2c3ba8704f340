public import Foundation

/// The paths of this checkout, for tests that read its files.
public enum Repository {
  /// The folder with Package.swift, or the copy of its files that the environment variable
  /// `LORA_TRAIN_REPOSITORY` names: on a machine that has the tests but not the folder.
  public static let root =
    ProcessInfo.processInfo.environment["LORA_TRAIN_REPOSITORY"].map { URL(filePath: $0) }
    ?? URL(filePath: #filePath)
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
