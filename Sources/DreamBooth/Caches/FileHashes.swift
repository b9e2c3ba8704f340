public import Foundation

/// Hashes of large files, remembered while the file stays as it is, so that gigabytes of weights are
/// not read again at every start.
///
/// A file counts as unchanged when its place, number, size and times of last change are the same;
/// the time of the last change of status (ctime) moves with every write and cannot be set back.
public final class FileHashes {
  private let store: URL
  private var known: [String: String]

  /// The hashes remembered in a folder. What is there and cannot be used is forgotten.
  public init(in folder: URL) {
    store = folder.appending(path: "file-hashes.json")
    do {
      known = try JSONDecoder().decode([String: String].self, from: Data(contentsOf: store))
    } catch {
      known = [:]
    }
  }

  /// The SHA-256 of a file. Throws `FileAccessError`.
  public func hash(of url: URL) throws -> String {
    let key = try Self.identity(of: url)
    if let hash = known[key] { return hash }
    let hash = try ContentHash.of(fileAt: url)
    known[key] = hash
    try save()
    return hash
  }

  /// The hash of a part of a model: of all files in its folder that decide what it computes, by
  /// their names. Throws `FileAccessError`.
  public func hash(ofModelPartIn folder: URL) throws -> String {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    } catch {
      throw FileAccessError.unreadable(
        file: folder.relativePath, reason: error.localizedDescription)
    }
    let files = names.filter { name in
      [".safetensors", ".json", ".txt"].contains { name.hasSuffix($0) }
    }
    return ContentHash.of(
      try files.sorted().flatMap { [$0, try hash(of: folder.appending(path: $0))] })
  }

  private func save() throws {
    let folder = store.deletingLastPathComponent()
    try DurableFile.makeFolder(folder)
    let temporary = folder.appending(path: ".file-hashes.\(getpid())")
    try DurableFile.write(JSONEncoder().encode(known), to: temporary)
    try DurableFile.rename(temporary, to: store)
  }

  private static func identity(of url: URL) throws(FileAccessError) -> String {
    var status = stat()
    guard stat(url.path, &status) == 0 else {
      throw .unreadable(file: url.relativePath, reason: String(cString: strerror(errno)))
    }
    let changed = status.st_ctim
    let written = status.st_mtim
    return [
      url.standardizedFileURL.path, "\(status.st_dev)", "\(status.st_ino)", "\(status.st_size)",
      "\(written.tv_sec).\(written.tv_nsec)", "\(changed.tv_sec).\(changed.tv_nsec)",
    ].joined(separator: "|")
  }
}
