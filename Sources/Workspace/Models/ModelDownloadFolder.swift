import Files
package import Foundation

/// The folder `.<name>.download` beside a model's place, which the files are downloaded to. It becomes
/// the model when all are there.
package struct ModelDownloadFolder: Sendable {
  private static let ending = ".download"
  private static let lockName = ".lock"

  /// The name of the model.
  package let name: String
  package let url: URL

  /// The folder of a model's download below `base`.
  init(_ name: String, in base: URL) {
    self.name = name
    url = base.appending(path: ".\(name)\(Self.ending)")
  }

  /// Bytes so far.
  package var bytes: Int {
    InstalledModel.bytes(url) - InstalledModel.bytes(url.appending(path: Self.lockName))
  }

  /// All downloads that are not complete.
  static func all(in base: URL) -> [ModelDownloadFolder] {
    base.entryNames.filter { $0.hasPrefix(".") && $0.hasSuffix(ending) }
      .map { ModelDownloadFolder(String($0.dropFirst().dropLast(ending.count)), in: base) }
      .sorted { $0.name < $1.name }
  }

  /// Makes the folder, and keeps other processes out of it. Throws `ModelLibraryError.busy`,
  /// `FileAccessError`.
  func lock() throws -> FileLock {
    try DurableFile.makeFolder(url)
    let file = url.appending(path: Self.lockName)
    guard let lock = try FileLock(file) else {
      throw ModelLibraryError.busy(name: name, holder: FileLock.holder(of: file))
    }
    return lock
  }

  /// Removes files that the model does not have: those of another revision or variant. Throws
  /// `FileAccessError`.
  func prune(keeping paths: Set<String>) throws {
    let below = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String } ?? []
    for path in below where path != Self.lockName {
      let file = url.appending(path: path)
      var status = stat()
      let isFolder = lstat(file.path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      let isPart = paths.contains { path.hasPrefix("\($0).") && path.hasSuffix(".partial") }
      if !isFolder, !paths.contains(path), !isPart { try DurableFile.remove(file) }
    }
  }

  /// Removes the folder if no byte has arrived. Throws `FileAccessError.unwritable`.
  func removeIfEmpty() throws {
    if bytes == 0 { try DurableFile.remove(url) }
  }

  /// Gives the complete model its place. Throws `FileAccessError.unwritable`.
  func finish(at destination: URL) throws {
    try DurableFile.remove(url.appending(path: Self.lockName))
    try DurableFile.syncFolder(url)
    try DurableFile.rename(url, to: destination)
  }
}
